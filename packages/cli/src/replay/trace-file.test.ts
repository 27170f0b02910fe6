import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { readTools, readTraces } from "./trace-file.ts";

const folder = mkdtempSync(join(tmpdir(), "tripline-traces-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LINE = JSON.stringify({ trace: "a", suite: "s", calls: [{ tool: "t", args: {}, output: "o" }] });

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function all(path: string) {
  const traces = [];
  for await (const trace of readTraces(path)) traces.push(trace);
  return traces;
}

describe("readTraces", () => {
  it("reads the shipped sample and its tools", async () => {
    const samples = fileURLToPath(new URL("../../samples/", import.meta.url));
    const traces = await all(`${samples}agentdojo.ndjson`);
    expect(traces.length).toBeGreaterThan(20);
    const tools = readTools(`${samples}tools.json`);
    for (const { suite } of traces) expect(tools[suite]?.length).toBeGreaterThan(0);
  });

  it("reads gzip and leaves empty lines out", async () => {
    expect(await all(file("a.ndjson.gz", gzipSync(`${LINE}\n\n${LINE}\n`)))).toHaveLength(2);
  });

  it.each([
    ["not JSON", "{oops", ":2 is not JSON"],
    ["no trace", '{"trace":"a"}', ":2 is no trace: suite"],
  ])("names the line that is %s", async (_what, line, message) => {
    await expect(all(file("b.ndjson", `${LINE}\n${line}\n`))).rejects.toThrow(message);
  });

  it("says when a gzip file is broken or missing", async () => {
    await expect(all(file("c.ndjson.gz", "no gzip"))).rejects.toThrow("can't be read");
    await expect(all(join(folder, "missing"))).rejects.toThrow("no such file");
  });
});
