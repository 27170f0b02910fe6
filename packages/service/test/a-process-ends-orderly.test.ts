import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("small-service.ts", import.meta.url));
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

async function start(...args: string[]) {
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => (await lines.next()).value ?? "";
  return { child, nextLine, url: await nextLine(), exit: once(child, "exit") };
}

describe("a process of parts", () => {
  it("answers health, and ends with 0 on SIGTERM", async () => {
    const { child, url, exit } = await start();
    const health = await fetch(`${url}/health`);
    expect(await health.json()).toMatchObject({ ready: true, parts: { hangs: { state: "ready" } } });
    child.kill("SIGTERM");
    expect(await exit).toEqual([0, null]);
  });

  it("ends at once with 130 on the second signal, whatever hangs", async () => {
    const { child, nextLine, exit } = await start("hang");
    child.kill("SIGINT");
    expect(await nextLine()).toBe("stopping");
    child.kill("SIGINT");
    expect(await exit).toEqual([130, null]);
  });

  it("stops its parts and ends with 1 on an error that nobody handles", async () => {
    const { url, nextLine, exit } = await start();
    await fetch(`${url}/break`);
    expect(await nextLine()).toBe("stopping");
    expect(await exit).toEqual([1, null]);
  });
});
