import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { TestResponder } from "./support/revocations.ts";
import { type Behaviour, TEST_KEY, TestCollector } from "./support/test-collector.ts";

const PROXY = fileURLToPath(new URL("./support/proxy-main.ts", import.meta.url));
const FILESYSTEM = fileURLToPath(
  new URL("../../../node_modules/@modelcontextprotocol/server-filesystem/dist/index.js", import.meta.url),
);

let directory: string;
let files: string;
let stateDir: string;
let collector: TestCollector;
let clients: Client[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "tripline-stdio-"));
  files = join(directory, "files");
  stateDir = join(directory, "state");
  mkdirSync(files);
  writeFileSync(join(files, "a.txt"), "the text of a file");
  collector = new TestCollector();
  await collector.start(0);
  clients = [];
});

afterEach(async () => {
  for (const client of clients) await client.close();
  await collector.stop();
  rmSync(directory, { recursive: true, force: true });
});

interface Connection {
  client: Client;
  pid: number;
}

async function connect(options: Record<string, unknown> = {}): Promise<Connection> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [
      PROXY,
      JSON.stringify({ url: collector.url, ingestKey: TEST_KEY, stateDir, ...options }),
      process.execPath,
      FILESYSTEM,
      files,
    ],
    stderr: "ignore",
  });
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  clients.push(client);
  return { client, pid: transport.pid ?? 0 };
}

async function readFile(client: Client, name = "a.txt") {
  return await client.callTool({ name: "read_text_file", arguments: { path: join(files, name) } });
}

/** All that any process wrote to the spool. */
function spooled(): string {
  const root = join(stateDir, "spool");
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ndjson"))
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("");
}

describe("a real server behind the proxy", () => {
  it("is recorded: listing, intent and call, with the definition's hash", async () => {
    const { client } = await connect();
    const { tools } = await client.listTools();
    expect(await readFile(client)).toMatchObject({ content: [{ text: "the text of a file" }] });
    const ended = await waitFor(() => collector.ofType("call")[0]);
    expect(ended.envelope).toMatchObject({
      actor: { credential: "local:demo", client: "test 1" },
      target: { server: "filesystem", tool: "read_text_file", transport: "stdio" },
      call: { outcome: "ok" },
      producer: { enforcement: "advisory" },
    });
    expect(ended.payload?.result).toContain("the text of a file");
    expect(collector.ofType("tools.listed")[0]?.envelope.listing?.tools).toHaveLength(tools.length);
    expect(ended.envelope.target?.definition).toMatch(/^[0-9a-f]{64}$/);
    expect(collector.ofType("call.intent")).toHaveLength(1);
  });

  it("is refused from the next call on once the credential is revoked, and served again after reinstatement", async () => {
    const responder = new TestResponder();
    collector.revocationKeys.push(responder.publicKey);
    const { client } = await connect();
    await readFile(client);
    collector.publish(responder.sign({ id: "alert-1" }));
    await waitFor(() => collector.ofType("revocation.applied").length === 1);
    await expect(readFile(client)).rejects.toMatchObject({
      code: -31403,
      data: { retryable: false, revocation_id: "alert-1", reason: "read a secret and sent it out" },
    });
    const denied = await waitFor(() =>
      collector.ofType("call").find(({ envelope }) => envelope.call?.outcome === "denied"),
    );
    expect(denied.envelope.policy).toEqual({ decision: "deny", rule: "alert-1" });
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    collector.publish(
      responder.sign({ id: "alert-1", state: "reinstated", reinstated_at: "2026-11-21T10:00:00.000Z" }),
    );
    await waitFor(() => collector.ofType("revocation.applied").length === 2);
    expect(await readFile(client)).toMatchObject({ content: [{ text: "the text of a file" }] });
  });

  it("refuses the first call after a restart from the copy on disk, with the collector stopped", async () => {
    const responder = new TestResponder();
    collector.revocationKeys.push(responder.publicKey);
    collector.entries.push(responder.sign({ id: "alert-2" }));
    const first = await connect();
    await waitFor(() => collector.ofType("revocation.applied").length === 1);
    await first.client.close();
    collector.behaviour = "never_answers";
    const { client } = await connect();
    await expect(readFile(client)).rejects.toMatchObject({ code: -31403 });
  });

  it("loses no accepted record to kill -9: the next start sends them", async () => {
    collector.behaviour = "unavailable";
    const { client, pid } = await connect();
    await readFile(client);
    await waitFor(() => spooled().split("\n").length > 2, { what: "intent and call on file" });
    process.kill(pid, "SIGKILL");
    const accepted = spooled()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line).envelope.id);
    collector.behaviour = "well";
    await connect();
    await waitFor(() => {
      const got = new Set(collector.records.map(({ envelope }) => envelope.id));
      return accepted.every((id) => got.has(id));
    });
  });

  it.each<Behaviour | "stopped" | "disk full">([
    "stopped",
    "never_answers",
    "garbage",
    "unauthorized",
    "disk full",
  ])("works the same with the collector or the disk: %s", async (trouble) => {
    if (trouble === "stopped") await collector.stop();
    else if (trouble !== "disk full") collector.behaviour = trouble;
    const { client } = await connect(trouble === "disk full" ? { maxSpoolBytes: 10 } : {});
    for (let n = 0; n < 20; n += 1) {
      expect(await readFile(client)).toMatchObject({ content: [{ text: "the text of a file" }] });
    }
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    if (trouble === "stopped") await collector.start(0);
    collector.behaviour = "well";
  });

  it("records the head of a very large result, and size and digest of the whole", async () => {
    const { client } = await connect();
    writeFileSync(join(files, "large.txt"), `begins here\n${"x".repeat(2_000_000)}`);
    await readFile(client, "large.txt");
    const result = await readFile(client, "large.txt");
    const [ended, again] = await waitFor(() => {
      const [one, two] = collector.ofType("call");
      return one === undefined || two === undefined ? undefined : ([one, two] as const);
    });
    expect(ended.payload?.result?.startsWith("begins here\nxxx")).toBe(true);
    expect(ended.envelope.call).toMatchObject({ outcome: "ok", truncated: true });
    const { cut } = ended.payload ?? {};
    expect(cut?.result).toEqual({ bytes: JSON.stringify(result).length, digest: expect.any(String) });
    expect(again.payload?.cut).toEqual(cut);
    expect(ended.envelope.call?.result_bytes).toBe(cut?.result?.bytes);
  });

  it("writes no secret to the spool", async () => {
    collector.behaviour = "unavailable";
    const canary = `ghp_${randomBytes(18).toString("hex")}`;
    writeFileSync(join(files, "secret.txt"), `token: ${canary}`);
    const { client } = await connect();
    await readFile(client, "secret.txt");
    await client.callTool({
      name: "write_file",
      arguments: { path: join(files, "b.txt"), content: `use ${canary}` },
    });
    await waitFor(() => spooled().split("\n").length > 4);
    expect(spooled()).toContain("⟨");
    expect(spooled()).not.toContain(canary);
  });
});

describe("bytes", () => {
  it("pass unchanged both ways, whatever they are, also while something is revoked", async () => {
    const responder = new TestResponder();
    collector.revocationKeys.push(responder.publicKey);
    collector.entries.push(responder.sign({ id: "other", subject: "local:somebody-else" }));
    const hostile = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}\r\n'),
      Buffer.from("\n\n\r\nnot json at all\n"),
      randomBytes(300_000),
      Buffer.from(`\n{"a":"${"ü".repeat(3_000_000)}"}\n`),
      Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0xc3]),
    ]);
    const out = await pipe(hostile, ["cat"]);
    expect(out.equals(hostile)).toBe(true);
  });

  it("end with the server's own exit code", async () => {
    const child = start(["sh", "-c", "exit 7"]);
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(7);
  });

  it("pass signals on, and end as the server ended", async () => {
    const child = start(["sh", "-c", "trap 'exit 9' TERM; echo ready; while true; do sleep 0.05; done"]);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGTERM");
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(9);
  });
});

function start(command: string[]) {
  const options = JSON.stringify({ url: collector.url, ingestKey: TEST_KEY, stateDir });
  return spawn(process.execPath, [PROXY, options, ...command], { stdio: ["pipe", "pipe", "inherit"] });
}

async function pipe(input: Buffer, command: string[]): Promise<Buffer> {
  const child = start(command);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stdin.end(input);
  await new Promise((resolve) => child.once("close", resolve));
  return Buffer.concat(chunks);
}
