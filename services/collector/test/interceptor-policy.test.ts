import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type InterceptorPolicy, interceptorPolicySchema } from "@tripline/interceptor";
import { createContext } from "@tripline/service";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { waitFor } from "../../../test/support/wait-for.ts";
import { openInterceptorPolicy } from "../src/index.ts";
import { type RunningCollector, startCollector } from "./running-collector.ts";

const DEFAULTS = {
  intents: "mutating",
  intent_deadline_ms: 600_000,
  trusted_servers: [],
  hold: [],
  capture: { default: "full", rules: [] },
  fail_closed: [],
};

describe("interceptors.yaml", () => {
  let collector: RunningCollector;
  let key: string;
  beforeEach(async () => {
    collector = await startCollector();
    key = await collector.enrol({ id: "gw-1" });
  });
  afterEach(() => collector.stop());

  const write = (text: string) => writeFile(join(collector.directory, "interceptors.yaml"), text);
  const handedOut = async (): Promise<InterceptorPolicy> => {
    const answer = await fetch(`${collector.url}/v1/interceptor`, {
      headers: { authorization: `Bearer ${key}` },
    });
    return z.object({ policy: interceptorPolicySchema }).parse(await answer.json()).policy;
  };

  it("is handed out to interceptors as soon as it changes; without it, the defaults are", async () => {
    expect(await handedOut()).toEqual(DEFAULTS);
    await write("capture:\n  rules:\n    - {server: crm, level: fingerprint}\nfail_closed: [mail/*]\n");
    await waitFor(async () => (await handedOut()).fail_closed.length > 0);
    expect(await handedOut()).toEqual({
      ...DEFAULTS,
      capture: { default: "full", rules: [{ server: "crm", level: "fingerprint" }] },
      fail_closed: ["mail/*"],
    });
  });

  it("with a mistake keeps the last good one in force, and health says where it is", async () => {
    await write("fail_closed: ['*']\n");
    await waitFor(async () => (await handedOut()).fail_closed.length > 0);
    await write("fail_closed: ['*']\ncapture:\n  defualt: none\n");
    await waitFor(() => collector.policy.health().state === "degraded");
    expect(collector.policy.health().detail).toContain("interceptors.yaml: line 3, capture.defualt: Unrec");
    expect(await handedOut()).toEqual({ ...DEFAULTS, fail_closed: ["*"] });
    await write("capture:\n  default: none\n");
    await waitFor(() => collector.policy.health().state === "ready");
    expect(await handedOut()).toEqual({ ...DEFAULTS, capture: { default: "none", rules: [] } });
  });
});

describe("at the start", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tripline-policy-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("the documented example is one", async () => {
    const page = await readFile(new URL("../../../docs/wrap-a-server.md", import.meta.url), "utf8");
    const path = join(directory, "interceptors.yaml");
    await writeFile(path, /```yaml\n(.*?)```/s.exec(page)?.[1] ?? "none: found");
    const { policy } = await openInterceptorPolicy(
      path,
      createContext({ service: "test", logLevel: "silent" }),
    );
    expect(policy()).toMatchObject({
      ...DEFAULTS,
      capture: { default: "full" },
      fail_closed: ["mail/send"],
      hold: [{ tools: ["mail/send"], severity: "high", max_ms: 50, unanswered: "allow" }],
      trusted_servers: ["filesystem"],
    });
  });

  it.each([
    ["capture:\n  rules:\n    - {server: a, level: some}\n", "line 3, capture.rules.0.level: Invalid option"],
    ["fail_close: ['*']\n", "line 1, fail_close: Unrecognized key"],
    [
      "capture:\n  rules:\n    - server: a\n      levl: none\n      level: none\n",
      "line 4, capture.rules.0.levl",
    ],
    ["intents: [\n", "not YAML"],
  ])("a mistake stops it: %j", async (text, message) => {
    const path = join(directory, "interceptors.yaml");
    await writeFile(path, text);
    const context = createContext({ service: "test", logLevel: "silent" });
    const opening = openInterceptorPolicy(path, context);
    await expect(opening).rejects.toMatchObject({ code: "TRIPLINE_INTERCEPTORS_FILE_INVALID" });
    await expect(opening).rejects.toThrow(message);
  });
});
