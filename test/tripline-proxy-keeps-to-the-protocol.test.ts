import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const BIN = new URL("../packages/cli/bin/tripline.js", import.meta.url).pathname;
const NOBODY = "http://127.0.0.1:20898"; // nothing listens there
const folder = mkdtempSync(join(tmpdir(), "tripline-proxy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command as a client would start it, and gives everything it wrote. */
async function tripline(args: readonly string[], input: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { PATH: process.env.PATH ?? "", HOME: folder, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, out, err };
}

const CONNECTED = {
  TRIPLINE_URL: NOBODY,
  TRIPLINE_INGEST_KEY: "tlp_unreachable",
  TRIPLINE_TOKEN: "tlu_secret",
};
const node = (script: string) => ["proxy", "--credential", "notes", "--", process.execPath, "-e", script];

describe("tripline proxy without a service", () => {
  it("passes every byte on, writes nothing of its own to standard output, and ends as the server ends", async () => {
    const script =
      "process.stdin.pipe(process.stdout); process.stdin.on('end', () => (process.exitCode = 7))";
    const input = `{"jsonrpc":"2.0","id":1,"method":"ping"}\r\n{"not json\n{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"x","arguments":{}}}`;
    const { code, out } = await tripline(node(script), input, CONNECTED);
    expect(out).toBe(input);
    expect(code).toBe(7);
  });

  it("gives the server neither the ingest key nor the token", async () => {
    const script = "console.log(JSON.stringify(process.env))";
    const { out } = await tripline(node(script), "", { ...CONNECTED, OWN_KEY: "kept" });
    expect(out).toContain("kept");
    expect(out).not.toContain("tlp_unreachable");
    expect(out).not.toContain("tlu_secret");
  });

  it("says what is wrong and starts nothing when it is told too little", async () => {
    expect(await tripline(["proxy", "--", "true"], "", CONNECTED)).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("--credential"),
    });
    expect(await tripline(node("1"), "")).toMatchObject({
      code: 1,
      err: expect.stringContaining("no Tripline found"),
    });
    expect(await tripline(["proxy", "--credential", "notes"], "", CONNECTED)).toMatchObject({ code: 2 });
    expect(
      await tripline(["proxy", "--credential", "notes", "--", "/nonexistent/server"], "", CONNECTED),
    ).toMatchObject({ code: 1, err: expect.stringContaining("can't be started") });
  });

  it("does not repeat a credential that is none: it may be a secret typed by mistake", async () => {
    const { code, err } = await tripline(
      ["proxy", "--credential", "key:sk-abc 123", "--", "true"],
      "",
      CONNECTED,
    );
    expect(code).toBe(2);
    expect(err).toContain("never a secret");
    expect(err).not.toContain("sk-abc 123");
  });
});
