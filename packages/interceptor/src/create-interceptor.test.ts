import { hash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keyedHash, parseRecord, type TriplineRecord } from "@tripline/events";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import type { Warning } from "./core/warnings.ts";
import { createInterceptor, type InterceptorOptions } from "./create-interceptor.ts";
import type { CallStart, Interceptor } from "./interceptor.ts";
import { MemorySender } from "./senders/memory-sender.ts";

const KEY = { id: "test", key: "ab".repeat(32) };
const KEYS = [KEY];

let stateDir: string;
let sender: MemorySender;
let warnings: Warning[];
let open: Interceptor[];

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "tripline-interceptor-"));
  sender = new MemorySender();
  warnings = [];
  open = [];
});

afterEach(async () => {
  for (const interceptor of open) await interceptor.close(1000);
  rmSync(stateDir, { recursive: true, force: true });
});

function make(more: Partial<InterceptorOptions> = {}): Interceptor {
  const interceptor = createInterceptor({
    tenant: "acme",
    producer: { id: "gw-1", enforcement: "enforced" },
    stateDir,
    sender,
    redactionKeys: () => KEYS,
    onWarning: (warning) => warnings.push(warning),
    ...more,
  });
  open.push(interceptor);
  return interceptor;
}

const caller = { credential: "local:demo", assurance: "verified", principal: "Ana@Acme.test" } as const;

function call(more: Partial<CallStart> = {}): CallStart {
  return {
    caller,
    session: {},
    target: { server: "files", tool: "read", transport: "stdio" },
    method: "tools/call",
    args: { path: "/tmp/x" },
    ...more,
  };
}

function ofType(type: string): TriplineRecord[] {
  return sender.records.filter(({ envelope }) => envelope.type === type);
}

async function callAndEnd(interceptor: Interceptor, more: Partial<CallStart> = {}): Promise<void> {
  const verdict = interceptor.begin(call(more));
  if (verdict.kind !== "allow") throw new Error("refused");
  verdict.call.end({ outcome: "ok", text: "hello", bytes: 30, items: 1 });
}

describe("the records of a call", () => {
  it("are an intent with the arguments and a call with the result", async () => {
    const interceptor = make();
    await callAndEnd(interceptor);
    await waitFor(() => ofType("call").length === 1);
    const [intent] = ofType("call.intent");
    const [ended] = ofType("call");
    expect(intent?.payload?.args).toEqual({ path: "/tmp/x" });
    expect(intent?.envelope.call?.deadline).toBeDefined();
    expect(ended?.payload?.args).toBeUndefined();
    expect(ended?.payload?.result).toBe("hello");
    expect(ended?.envelope.call).toMatchObject({
      id: intent?.envelope.call?.id,
      outcome: "ok",
      args_bytes: 17,
      result_bytes: 30,
      result_items: 1,
    });
    expect(ended?.envelope.producer.seq).toBe(1);
    expect(ended?.envelope.session).toMatchObject({ source: "quiet_gap" });
    expect(ended?.envelope.session?.id).toBe(intent?.envelope.session?.id);
    expect(Object.values(intent?.payload?.names ?? {})).toEqual(["Ana@Acme.test"]);
    expect(JSON.stringify(intent?.envelope)).not.toMatch(/ana@/i);
  });

  it("is one record with both where no intent is wanted", async () => {
    await callAndEnd(make({ policy: { intents: "none" } }));
    await waitFor(() => ofType("call").length === 1);
    expect(ofType("call.intent")).toEqual([]);
    expect(ofType("call")[0]?.payload).toMatchObject({ args: { path: "/tmp/x" }, result: "hello" });
  });

  it("needs no intent for a tool that a trusted server calls read-only, and keeps its definition", async () => {
    const tools = [{ name: "read", inputSchema: {}, annotations: { readOnlyHint: true } }];
    for (const trusted of [true, false]) {
      const interceptor = make({ policy: { trusted_servers: trusted ? ["files"] : [] } });
      interceptor.listed({
        caller,
        session: {},
        target: { server: "files" },
        tools,
        complete: true,
      });
      await callAndEnd(interceptor);
      const boot = interceptor.stats().boot;
      const mine = () => sender.records.filter(({ envelope }) => envelope.producer.boot === boot);
      const ended = await waitFor(() => mine().find(({ envelope }) => envelope.type === "call"));
      expect(mine().some(({ envelope }) => envelope.type === "call.intent")).toBe(!trusted);
      expect(ended.envelope.target?.definition).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it("keeps no arguments and no result at level none, and hashes at level fingerprint", async () => {
    const interceptor = make({
      policy: {
        intents: "none",
        capture: {
          rules: [
            { server: "files", level: "none" },
            { server: "files", tool: "grep", level: "fingerprint" },
          ],
        },
      },
    });
    await callAndEnd(interceptor);
    await callAndEnd(interceptor, { target: { server: "files", tool: "grep" } });
    await waitFor(() => ofType("call").length === 2);
    expect(ofType("call")[0]?.payload).not.toHaveProperty("args");
    expect(ofType("call")[0]?.payload).not.toHaveProperty("result");
    expect(ofType("call")[1]?.payload?.fingerprints?.result).toBeDefined();
  });

  it("is cancelled when the caller gives up, once", async () => {
    const abort = new AbortController();
    const verdict = make().begin(call({ signal: abort.signal }));
    abort.abort();
    if (verdict.kind === "allow") verdict.call.end({ outcome: "ok", text: "late", bytes: 4, items: 1 });
    await waitFor(() => ofType("call").length === 1);
    expect(ofType("call")[0]?.envelope.call?.outcome).toBe("cancelled");
  });

  it("survives arguments that are no JSON", async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    await callAndEnd(make(), { args: cyclic });
    await waitFor(() => ofType("call").length === 1);
    expect(ofType("call.intent")[0]?.payload?.args).toBe("⟨unreadable⟩");
  });
});

describe("any call", () => {
  it("makes valid records, whose envelope has the schema's key order, whatever the names and arguments", async () => {
    const interceptor = make({ policy: { intents: "all" } });
    const odd = fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.constant(undefined));
    fc.assert(
      fc.property(
        odd,
        odd,
        odd,
        fc.jsonValue(),
        fc.string({ unit: "binary" }),
        (who, where, what, args, text) => {
          const verdict = interceptor.begin({
            caller: {
              credential: who,
              assurance: "asserted",
              principal: who,
              agent: where,
              client: what,
              roles: [who ?? ""],
            },
            session: { source: "mcp", id: where },
            target: { transport: "stdio", upstream: who, tool: what ?? "", server: where ?? "" },
            method: "tools/call",
            args,
          });
          if (verdict.kind === "allow") verdict.call.end({ outcome: "tool_error", text, bytes: 1, items: 0 });
        },
      ),
    );
    await interceptor.close();
    expect(interceptor.stats().dropped).toEqual({});
    const lines = sender.batches.join("").split("\n").slice(0, -1);
    expect(lines.length).toBe(201);
    for (const line of lines) expect(JSON.stringify(parseRecord(line).envelope)).toBe(envelopeText(line));
  });
});

describe("heartbeats", () => {
  it("chain over all envelopes of a boot and end with a goodbye", async () => {
    const interceptor = make({ heartbeatMs: 20 });
    await callAndEnd(interceptor);
    await waitFor(() => ofType("heartbeat").length >= 2);
    await callAndEnd(interceptor);
    await interceptor.close();

    const envelopes = sender.records.map(({ envelope }) => envelope);
    expect(envelopes.map(({ producer }) => producer.seq)).toEqual(envelopes.map((_, at) => at));
    const digests = sender.batches
      .join("")
      .split("\n")
      .slice(0, -1)
      .map((line) => hash("sha256", envelopeText(line), "buffer"));
    let previous: string | null = null;
    let from = 0;
    for (const { heartbeat } of envelopes) {
      if (heartbeat === undefined) continue;
      expect(heartbeat.from_seq).toBe(from);
      expect(heartbeat.previous).toBe(previous);
      expect(heartbeat.hash).toBe(
        hash("sha256", Buffer.concat(digests.slice(heartbeat.from_seq, heartbeat.to_seq)), "hex"),
      );
      previous = heartbeat.hash;
      from = heartbeat.to_seq;
    }
    expect(envelopes.at(-1)?.heartbeat?.goodbye).toBe(true);
  });

  it("announce what was dropped because the spool was full, and the gap is as large", async () => {
    sender.failure = new Error("down");
    const interceptor = make({ maxSpoolBytes: 8000, policy: { intents: "none" } });
    for (let n = 0; n < 20; n += 1) {
      await callAndEnd(interceptor);
      await new Promise(setImmediate);
    }
    const dropped = interceptor.stats().dropped.spool_full ?? 0;
    expect(dropped).toBeGreaterThan(0);
    sender.failure = null;
    await interceptor.close();
    const goodbye = sender.records.at(-1)?.envelope;
    expect(goodbye?.heartbeat?.dropped).toEqual({ spool_full: dropped });
    expect(goodbye?.producer.seq).toBe(20);
    expect(sender.records.length).toBe(21 - dropped);
  });
});

describe("the spool", () => {
  it("keeps what could not be sent for the next start, which sends it first", async () => {
    sender.failure = new Error("down");
    const first = make();
    await callAndEnd(first);
    await first.close(10);
    expect(sender.records).toEqual([]);
    sender.failure = null;
    const second = make();
    await callAndEnd(second);
    await waitFor(() => ofType("call").length === 2);
    expect(sender.records[0]?.envelope.producer.boot).toBe(first.stats().boot);
    await second.close();
    expect(readdirSync(join(stateDir, "spool", "acme", "gw-1"))).toEqual([]);
  });

  it("never holds a secret", async () => {
    sender.failure = new Error("down");
    const interceptor = make();
    const canary = `ghp_${"c4n4ry".repeat(6)}`;
    const verdict = interceptor.begin(call({ args: { note: `use ${canary}`, password: "hunter22-canary" } }));
    if (verdict.kind === "allow") {
      verdict.call.end({ outcome: "ok", text: `the key is ${canary}`, bytes: 60, items: 1 });
    }
    await new Promise(setImmediate);
    const directory = join(stateDir, "spool", "acme", "gw-1", interceptor.stats().boot);
    const text = readFileSync(join(directory, "00000001.ndjson"), "utf8");
    expect(text.split("\n")).toHaveLength(3);
    expect(text).not.toContain(canary);
    expect(text).not.toContain("hunter22");
  });

  it("that can't be made costs records, not calls", async () => {
    writeFileSync(join(stateDir, "spool"), "a file where a directory should be");
    const interceptor = make();
    await callAndEnd(interceptor);
    await waitFor(() => (interceptor.stats().dropped.spool_disk_error ?? 0) === 2);
    expect(warnings.map(({ code }) => code)).toContain("TRIPLINE_SPOOL_UNAVAILABLE");
  });
});

function envelopeText(line: string): string {
  const end = line.includes(',"payload":{"salt"') ? line.indexOf(',"payload":{"salt"') : line.length - 1;
  return line.slice('{"envelope":'.length, end);
}

describe("a result too large to look at whole", () => {
  it("keeps its head, and size and digest of the whole", async () => {
    const interceptor = make();
    const verdict = interceptor.begin(call());
    if (verdict.kind !== "allow") throw new Error("nothing is revoked");
    const text = "0123456789".repeat(100_000);
    verdict.call.end({ outcome: "ok", text, bytes: 1_000_050, items: 1 });
    await interceptor.close();
    const record = sender.records.find(({ envelope }) => envelope.type === "call");
    expect(record?.envelope.call).toMatchObject({ result_bytes: 1_000_050, truncated: true });
    expect(record?.payload?.cut?.result).toEqual({ bytes: 1_000_050, digest: keyedHash(KEY, text, 32) });
    expect(text.startsWith(record?.payload?.result ?? "none")).toBe(true);
  });
});
