import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { TestResponder } from "../test/support/revocations.ts";
import { createInterceptor, type InterceptorOptions } from "./create-interceptor.ts";
import { DenyList, STALE_AFTER_MS } from "./deny-list/deny-list.ts";
import { EntryVerifier } from "./deny-list/entry-verifier.ts";
import type { CallStart, Interceptor } from "./interceptor.ts";
import { interceptorPolicySchema, PolicyTable } from "./policy.ts";
import { MemorySender } from "./senders/memory-sender.ts";
import { SendError } from "./senders/record-sender.ts";

const KEYS = [{ id: "test", key: "ab".repeat(32) }];
const start: CallStart = {
  caller: { credential: "local:demo", assurance: "verified" },
  session: { id: "s1", source: "mcp" },
  target: { server: "files", tool: "delete" },
  method: "tools/call",
  args: {},
};

let stateDir: string;
let sender: MemorySender;
let open: Interceptor[];

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "tripline-policy-"));
  sender = new MemorySender();
  open = [];
});

afterEach(async () => {
  for (const interceptor of open) await interceptor.close(500);
  rmSync(stateDir, { recursive: true, force: true });
});

function make(more: Partial<InterceptorOptions> = {}) {
  const interceptor = createInterceptor({
    tenant: "acme",
    producer: { id: "gw-1" },
    stateDir,
    sender,
    redactionKeys: () => KEYS,
    onWarning: () => undefined,
    ...more,
  });
  open.push(interceptor);
  return interceptor;
}

function list(now = Date.now): DenyList {
  return new DenyList({
    tenant: "acme",
    verifier: new EntryVerifier([new TestResponder().publicKey]),
    now,
    onWarning: () => undefined,
  });
}

async function policies(interceptor: Interceptor) {
  await interceptor.close();
  return sender.records.flatMap(({ envelope }) => (envelope.type === "call" ? [envelope.policy] : []));
}

describe("fail-closed tools", () => {
  const policy = { fail_closed: ["files/delete"] };

  it("are refused while there was never a deny list, and only they", async () => {
    const denyList = list();
    const interceptor = make({ denyList, policy });
    expect(interceptor.mayRefuse()).toBe(true);
    expect(interceptor.begin(start)).toMatchObject({ kind: "deny", refusal: { scope: "fail_closed" } });
    expect(interceptor.begin({ ...start, target: { server: "files", tool: "read" } }).kind).toBe("allow");
    denyList.snapshotBegins();
    denyList.loaded();
    expect(interceptor.begin(start).kind).toBe("allow");
    expect((await policies(interceptor))[0]).toEqual({ decision: "deny", rule: "fail_closed" });
  });

  it("are refused when the call can't be recorded", () => {
    writeFileSync(join(stateDir, "spool"), "no directory");
    const interceptor = make({ policy });
    expect(interceptor.begin(start)).toMatchObject({ kind: "deny", refusal: { scope: "fail_closed" } });
    expect(interceptor.begin({ ...start, target: { server: "files", tool: "read" } }).kind).toBe("allow");
  });

  it("can be named by server or all at once", () => {
    const of = (...fail_closed: string[]) =>
      new PolicyTable(interceptorPolicySchema.parse({ fail_closed })).of("files", "read", "files/read")
        .failClosed;
    expect([of("*"), of("files/*"), of("files/read"), of("files/delete"), of("file/*")]).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

it("marks calls made without a list, or with one out of touch", async () => {
  let now = Date.now();
  const denyList = list(() => now);
  const interceptor = make({ denyList, policy: { intents: "none" } });
  const call = () => {
    const verdict = interceptor.begin(start);
    if (verdict.kind === "allow") verdict.call.end({ outcome: "ok", text: "", bytes: 2, items: 0 });
  };
  call();
  denyList.snapshotBegins();
  denyList.loaded();
  call();
  now += STALE_AFTER_MS;
  call();
  expect(await policies(interceptor)).toEqual([
    { decision: "allow", rule: "deny_list_empty" },
    { decision: "allow" },
    { decision: "allow", rule: "deny_list_stale" },
  ]);
});

it("puts another policy in force from the next call on", async () => {
  const interceptor = make({ policy: { intents: "none" } });
  interceptor.begin(start);
  interceptor.usePolicy({ intents: "all" });
  interceptor.begin(start);
  await waitFor(() => sender.records.length > 0);
  await interceptor.close();
  expect(sender.records.filter(({ envelope }) => envelope.type === "call.intent")).toHaveLength(1);
});

describe("records that are refused by the receiver", () => {
  it("are kept beside the spool, counted, and hold nothing up", async () => {
    const rejecting = new MemorySender();
    const send = rejecting.send.bind(rejecting);
    rejecting.send = async (lines) => {
      const text = lines.toString("utf8");
      if (text.includes("poison") && text.split("\n").length > 2) throw new SendError("rejected", "400");
      if (text.includes("poison")) return { accepted: 0, refused: [{ line: 0, code: "BAD", message: "no" }] };
      return await send(lines);
    };
    const interceptor = make({ sender: rejecting, policy: { intents: "all" } });
    for (const tool of ["a", "b", "poison", "c", "d"])
      interceptor.begin({ ...start, target: { server: "files", tool } });
    await interceptor.close();
    const tools = rejecting.records.map(({ envelope }) => envelope.target?.tool).filter(Boolean);
    expect(tools).toEqual(["a", "b", "c", "d"]);
    expect(interceptor.stats().refused).toBe(1);
    const kept = JSON.parse(readFileSync(join(stateDir, "spool", "acme", "gw-1", "refused.ndjson"), "utf8"));
    expect(kept).toMatchObject({ code: "BAD", message: "no" });
    expect(JSON.parse(kept.record).envelope.target.tool).toBe("poison");
  });
});
