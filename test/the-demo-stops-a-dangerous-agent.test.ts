import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const BIN = new URL("../packages/cli/bin/tripline.js", import.meta.url).pathname;
const DEMO_TIMEOUT_MS = 120_000;

it(
  "replays recorded agents, stops the one that mails a key away, and shows how fast",
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [BIN, "demo", "--exit", "--port", "0"], {
      timeout: DEMO_TIMEOUT_MS,
    });
    expect(stdout).toMatch(/\d+ calls in 32 sessions/);
    expect(stdout).toContain("is refused its next call");
    expect(stdout).toContain("CRITICAL");
    expect(stdout).toContain("signature checked");
    expect(stdout).toMatch(/\+[\d.]+ ms {2}interceptor \S+ refuses from now on/);
    expect(stdout).toMatch(/\+[\d.]+ ms {2}first call refused/);
    expect(stdout).not.toMatch(/ghp_\w{20}/);
  },
  DEMO_TIMEOUT_MS,
);
