import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Verdict as SaidVerdict, TriplineRecord } from "@tripline/events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { TestDetector, TestResponder } from "../test/support/revocations.ts";
import { type ConfigurableInterceptor, createInterceptor } from "./create-interceptor.ts";
import { DenyList } from "./deny-list/deny-list.ts";
import { EntryVerifier } from "./deny-list/entry-verifier.ts";
import { wrapTool } from "./in-process/wrap-tool.ts";
import type { Decided, Verdict } from "./interceptor.ts";
import { McpTap } from "./mcp/mcp-tap.ts";
import type { InterceptorPolicyInput } from "./policy.ts";
import { MemorySender } from "./senders/memory-sender.ts";
import { ClientSide } from "./stdio/client-side.ts";

const KEYS = [{ id: "test", key: "ab".repeat(32) }];
const LONG_MS = 5_000; // longer than any test takes: an answer decides, not the clock
const SHORT_MS = 1;

const detector = new TestDetector();
const responder = new TestResponder();
let stateDir: string;
let sender: MemorySender;
let warned: string[];
let interceptor: ConfigurableInterceptor;
let denyList: DenyList;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "tripline-hold-"));
  sender = new MemorySender();
  warned = [];
});

afterEach(async () => {
  await interceptor.close(1000);
  rmSync(stateDir, { recursive: true, force: true });
});

function make(hold: InterceptorPolicyInput["hold"], more: InterceptorPolicyInput = {}): void {
  denyList = new DenyList({
    tenant: "acme",
    verifier: new EntryVerifier([responder.publicKey]),
    now: Date.now,
    onWarning: ({ code }) => warned.push(code),
  });
  denyList.snapshotBegins();
  denyList.loaded();
  interceptor = createInterceptor({
    tenant: "acme",
    producer: { id: "gw-1" },
    stateDir,
    sender,
    redactionKeys: () => KEYS,
    denyList,
    verdicts: new EntryVerifier([detector.publicKey]),
    policy: { hold, ...more },
    onWarning: ({ code }) => warned.push(code),
  });
}

function begin(tool = "delete", canWait = true): Verdict {
  return interceptor.begin({
    caller: { credential: "local:demo", assurance: "verified" },
    session: {},
    target: { server: "files", tool, transport: "stdio" },
    method: "tools/call",
    args: { path: "/tmp/x" },
    canWait,
  });
}

/** Begins a call that must wait, and gives back what will be decided. */
function held(tool?: string): Promise<Decided> {
  const verdict = begin(tool);
  if (verdict.kind !== "hold") throw new Error(`expected the call to wait: ${verdict.kind}`);
  return verdict.decided;
}

const ofType = (type: string): TriplineRecord[] =>
  sender.records.filter(({ envelope }) => envelope.type === type);

/** Answers the newest intent that was sent. */
async function answer(found?: Partial<SaidVerdict>, by = detector): Promise<void> {
  const answered = ofType("call.intent").length;
  const intent = await waitFor(() => ofType("call.intent")[Math.max(0, answered - 1)]?.envelope ?? false);
  interceptor.judged(by.judge(intent, found));
}

const finding: Partial<SaidVerdict> = {
  verdict: "finding",
  rule_id: "mass-delete",
  severity: "high",
  title: "Many files deleted",
};

describe("a call that waits", () => {
  it("says so in its intent, and goes on when nothing speaks against it", async () => {
    make([{ tools: ["files/*"], max_ms: LONG_MS }]);
    const decided = held();
    await answer();
    expect(await decided).toEqual({ kind: "allow" });
    expect(ofType("call.intent")[0]?.envelope.policy?.decision).toBe("hold");
    expect(interceptor.stats()).toMatchObject({ held: 1, unanswered: 0, denied: 0 });
  });

  it("is refused by a finding of the severity that was chosen, and recorded as one call", async () => {
    make([{ tools: ["files/delete"], max_ms: LONG_MS }]);
    const decided = held();
    await answer(finding);
    expect(await decided).toEqual({
      kind: "deny",
      refusal: {
        revocationId: "mass-delete",
        scope: "call",
        reason: "a rule speaks against this call: Many files deleted",
      },
    });
    await waitFor(() => ofType("call").length === 1);
    const [call] = ofType("call");
    expect(call?.envelope).toMatchObject({
      call: { id: ofType("call.intent")[0]?.envelope.call?.id, outcome: "denied" },
      policy: { decision: "deny", rule: "mass-delete" },
    });
    expect(call?.payload?.args).toBeUndefined();
    expect(denyList.size).toBe(0);
  });

  it("goes on after a finding that is less grave than that", async () => {
    make([{ tools: ["*"], max_ms: LONG_MS, severity: "critical" }]);
    const decided = held();
    await answer(finding);
    expect(await decided).toEqual({ kind: "allow" });
  });

  it.each([
    ["allow", { kind: "allow" }],
    ["refuse", { kind: "deny", refusal: { revocationId: "unjudged", scope: "call" } }],
  ] as const)(
    "without an answer in time it is treated as the operator said: %s",
    async (unanswered, expected) => {
      make([{ tools: ["*"], max_ms: SHORT_MS, unanswered }]);
      expect(await held()).toMatchObject(expected);
      expect(interceptor.stats()).toMatchObject({ held: 1, unanswered: 1 });
    },
  );

  it("is refused when its key was taken away meanwhile, whatever the verdict", async () => {
    make([{ tools: ["*"], max_ms: LONG_MS }]);
    const decided = held();
    denyList.entry(responder.sign({ id: "gone" }));
    await answer();
    expect(await decided).toMatchObject({ kind: "deny", refusal: { revocationId: "gone" } });
  });

  it("ends when the interceptor is closed", async () => {
    make([{ tools: ["*"], max_ms: LONG_MS, unanswered: "refuse" }]);
    const decided = held();
    await interceptor.close(1000);
    expect(await decided).toMatchObject({ kind: "deny" });
  });
});

describe("verdicts that do not count", () => {
  it.each([
    ["signed by another key", (intent: TriplineRecord) => new TestDetector().judge(intent.envelope, finding)],
    [
      "changed after they were signed",
      (intent: TriplineRecord) => ({ ...detector.judge(intent.envelope, finding), verdict: "clear" }),
    ],
    ["of another boot", (intent: TriplineRecord) => detector.judge(intent.envelope, { boot: OTHER_BOOT })],
    ["of another tenant", (intent: TriplineRecord) => detector.judge(intent.envelope, { tenant: "evil" })],
    ["of another number", (intent: TriplineRecord) => detector.judge(intent.envelope, { seq: 4_000 })],
  ])("%s are ignored and warned about", async (_, forge) => {
    make([{ tools: ["*"], max_ms: LONG_MS }]);
    const decided = held();
    const intent = await waitFor(() => ofType("call.intent")[0] ?? false);
    interceptor.judged(forge(intent));
    expect(warned).toEqual(["TRIPLINE_VERDICT_REJECTED"]);
    interceptor.judged(detector.judge(intent.envelope, finding));
    expect(await decided).toMatchObject({ kind: "deny" });
  });

  it("of calls that nobody waits for, and what is no verdict, are nothing", () => {
    make([{ tools: ["*"], max_ms: LONG_MS }]);
    for (const value of [undefined, null, 7, "x", {}, { record_id: 7 }, { record_id: "other" }])
      interceptor.judged(value);
    expect(warned).toEqual([]);
  });
});

const OTHER_BOOT = "0192e8a0-0000-7000-8000-000000000001";

describe("who waits", () => {
  it("is decided by the last entry that names the tool; 0 ms: nobody", () => {
    make([
      { tools: ["*"], max_ms: LONG_MS },
      { tools: ["files/list"], max_ms: 0 },
    ]);
    expect(begin("list").kind).toBe("allow");
    expect(begin("delete").kind).toBe("hold");
  });

  it("is nobody by default, and no call that a trusted server calls read-only", () => {
    make([]);
    expect(begin().kind).toBe("allow");
    interceptor.usePolicy({ hold: [{ tools: ["*"] }], trusted_servers: ["files"] });
    interceptor.listed({
      caller: { assurance: "unknown" },
      session: {},
      target: { server: "files" },
      tools: [{ name: "read", annotations: { readOnlyHint: true } }],
      complete: true,
    });
    expect(begin("read").kind).toBe("allow");
    expect(begin("delete").kind).toBe("hold");
  });

  it.each([
    ["allow", "allow"],
    ["refuse", "deny"],
  ] as const)("a tap that can't wait is told at once: %s", (unanswered, kind) => {
    make([{ tools: ["*"], unanswered }]);
    expect(begin("delete", false).kind).toBe(kind);
  });

  it("is one call a second once three had no answer, until one is answered", async () => {
    make([{ tools: ["*"], max_ms: SHORT_MS }]);
    for (let n = 0; n < 3; n += 1) await held();
    expect(warned).toEqual(["TRIPLINE_NO_VERDICTS"]);
    interceptor.usePolicy({ hold: [{ tools: ["*"], max_ms: LONG_MS }] });
    const probe = held();
    expect(begin().kind).toBe("allow");
    await waitFor(() => ofType("call.intent").length === 5);
    const asked = ofType("call.intent").findLast(({ envelope }) => envelope.policy?.decision === "hold");
    if (asked === undefined) throw new Error("no intent says that its call waits");
    interceptor.judged(detector.judge(asked.envelope));
    expect(await probe).toEqual({ kind: "allow" });
    expect(begin().kind).toBe("hold");
  });
});

describe("taps", () => {
  const line = (id: number, method: string, tool = "delete"): string =>
    `${JSON.stringify({ jsonrpc: "2.0", id, method, params: { name: tool, arguments: {} } })}\n`;

  function side(): { client: ClientSide; forwarded: string[]; answered: string[] } {
    const forwarded: string[] = [];
    const answered: string[] = [];
    const tap = new McpTap({
      interceptor,
      server: "files",
      transport: "stdio",
      caller: { credential: "local:demo", assurance: "verified" },
    });
    const client = new ClientSide({
      tap,
      mayRefuse: () => true,
      forward: (pieces) => forwarded.push(Buffer.concat(pieces).toString()),
      answer: (text) => answered.push(text),
      onUnread: () => undefined,
    });
    return { client, forwarded, answered };
  }

  it("stdio: lines behind a call that waits keep their order, and calls wait side by side", async () => {
    make([{ tools: ["files/delete"], max_ms: LONG_MS }]);
    const { client, forwarded, answered } = side();
    const lines = [line(1, "tools/call"), line(2, "tools/call"), line(3, "ping")];
    client.push(Buffer.from(lines.join("")));
    let ended = false;
    client.end(() => {
      ended = true;
    });
    await waitFor(() => ofType("call.intent").length === 2);
    const [first, second] = ofType("call.intent");
    if (first === undefined || second === undefined) throw new Error("two intents were sent");
    interceptor.judged(detector.judge(second.envelope));
    expect(forwarded).toEqual([]);
    interceptor.judged(detector.judge(first.envelope, finding));
    await waitFor(() => ended);
    expect(forwarded).toEqual([lines[1], lines[2]]);
    expect(JSON.parse(answered[0] ?? "")).toMatchObject({
      id: 1,
      error: { code: -31403, data: { scope: "call", revocation_id: "mass-delete", retryable: false } },
    });
    expect(client.waitingBytes).toBe(0);
  });

  it("a batch is decided when the last of its calls is", async () => {
    make([{ tools: ["files/delete"], max_ms: LONG_MS }]);
    const { client, forwarded, answered } = side();
    const batch = [line(1, "tools/call"), line(2, "tools/call", "list")].map((each) => JSON.parse(each));
    client.push(Buffer.from(`${JSON.stringify(batch)}\n`));
    await answer(finding);
    await waitFor(() => answered.length === 1);
    expect(JSON.parse(forwarded.join(""))).toEqual([batch[1]]);
  });

  it("in process: an async function waits, a plain one is told at once", async () => {
    make([{ tools: ["*"], max_ms: LONG_MS, unanswered: "refuse" }]);
    const options = { interceptor, server: "files", caller: { assurance: "unknown" } as const };
    let ran = 0;
    const removed = wrapTool(
      "delete",
      async () => {
        ran += 1;
        return await Promise.resolve("gone");
      },
      options,
    );
    const first = removed();
    await answer();
    expect(await first).toBe("gone");
    const second = removed();
    await waitFor(() => ofType("call.intent").length === 2);
    const intent = ofType("call.intent")[1];
    if (intent === undefined) throw new Error("a second intent was sent");
    interceptor.judged(detector.judge(intent.envelope, finding));
    await expect(second).rejects.toMatchObject({ code: "TRIPLINE_CALL_REFUSED" });
    expect(ran).toBe(1);
    expect(() => wrapTool("delete", () => "gone", options)()).toThrow("can't be judged in time");
  });
});
