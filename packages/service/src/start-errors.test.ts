import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const SERVICE = new URL("index.ts", import.meta.url).href;
const EVENTS = import.meta.resolve("@tripline/events");

const main = (more: string): string => `
  import { readProcessConfig, runParts, createContext } from ${JSON.stringify(SERVICE)};
  import { TriplineError } from ${JSON.stringify(EVENTS)};
  import { z } from ${JSON.stringify(import.meta.resolve("zod"))};
  readProcessConfig(z.object({}), { command: "x", summary: "y" });
  ${more}`;

async function run(script: string): Promise<{ code: number; lines: string[] }> {
  const args = ["--input-type=module", "-e", script];
  return promisify(execFile)(process.execPath, args).then(
    ({ stderr }) => ({ code: 0, lines: stderr.trim().split("\n") }),
    (error: { code: number; stderr: string }) => ({
      code: error.code,
      lines: error.stderr.trim().split("\n"),
    }),
  );
}

it("an error while a service is put together is one line of the log, the sentence itself last, and exit code 1", async () => {
  const { code, lines } = await run(
    main(
      `await Promise.reject(new TriplineError("TRIPLINE_X", "the log is taken: stop the other one", { cause: new Error("locked") }));`,
    ),
  );
  expect(code).toBe(1);
  expect(lines).toHaveLength(2);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    level: "fatal",
    code: "TRIPLINE_X",
    reason: "the log is taken: stop the other one",
    because: "locked",
  });
  expect(lines[1]).toBe("the log is taken: stop the other one");
  expect(lines.join()).not.toContain("stack");
});

it("so it is when a part can't start, behind the lines of stopping", async () => {
  const { code, lines } = await run(
    main(`
      const part = {
        name: "http",
        start: async () => { throw new TriplineError("TRIPLINE_LISTEN", "the port is taken: choose another"); },
        stop: async () => console.error('{"msg":"stopped in order"}'),
        health: () => ({ state: "ready" }),
      };
      process.exit(await runParts([part], createContext({ service: "test", logLevel: "fatal" })));`),
  );
  expect(code).toBe(1);
  expect(lines).toHaveLength(3);
  expect(JSON.parse(lines.find((line) => line.includes("fatal")) ?? "")).toMatchObject({
    code: "TRIPLINE_LISTEN",
  });
  expect(lines.at(-1)).toBe("the port is taken: choose another");
  expect(lines.join()).not.toContain("stack");
});

it("afterwards it is runParts that stops", async () => {
  const { code, lines } = await run(
    main(`
      const part = {
        name: "late",
        start: async () => void setTimeout(() => { throw new Error("later"); }, 1),
        stop: async () => console.error('{"msg":"stopped in order"}'),
        health: () => ({ state: "ready" }),
      };
      process.exit(await runParts([part], createContext({ service: "test", logLevel: "fatal" })));`),
  );
  expect(code).toBe(1);
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
    "stopping because of an error",
    "stopped in order",
  ]);
});
