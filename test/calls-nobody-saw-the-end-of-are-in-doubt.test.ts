import { join } from "node:path";
import { createInterceptor, createLogSender, type Interceptor, type OpenCall } from "@tripline/interceptor";
import { afterEach, beforeEach, expect, it } from "vitest";
import { waitFor } from "./support/wait-for.ts";
import { startWatchedArchive, type WatchedArchive } from "./support/watched-archive.ts";

const PATIENCE_MS = 90_000; // a busy machine
const DEADLINE_MS = 1_000; // the shortest there is

let archive: WatchedArchive;
let open: Interceptor[];
beforeEach(async () => {
  archive = await startWatchedArchive({ partitions: 3 });
  open = [];
});
afterEach(async () => {
  for (const interceptor of open) await interceptor.close(1_000);
  await archive.close();
});

function interceptor(clockOffMs = 0): Interceptor {
  const made = createInterceptor({
    tenant: "acme",
    producer: { id: `gw${clockOffMs}`, enforcement: "enforced" },
    stateDir: join(archive.directory, "gw"),
    sender: createLogSender({ log: archive.log, now: Date.now }),
    redactionKeys: () => [{ id: "test", key: "ab".repeat(32) }],
    policy: { intents: "all", intent_deadline_ms: DEADLINE_MS },
    onWarning: () => undefined,
    now: () => Date.now() + clockOffMs,
  });
  open.push(made);
  return made;
}

function begin(by: Interceptor, credential: string): OpenCall {
  const verdict = by.begin({
    caller: { credential: `local:${credential}`, assurance: "verified" },
    session: { id: "s-1", source: "conversation" },
    target: { server: "mail", tool: "send", transport: "in_process" },
    method: "tools/call",
    args: { to: "ana" },
  });
  if (verdict.kind !== "allow") throw new Error("refused");
  return verdict.call;
}

const END = { outcome: "ok", text: "sent", bytes: 4, items: 1 } as const;

async function listed(): Promise<Map<string | null, string | null>> {
  const { rows } = await archive.reader().searchCalls({}, { limit: 500 });
  return new Map(rows.map(({ call_id, outcome }) => [call_id, outcome]));
}

it("intents without a call are closed after their deadline, in every partition and whatever the producer's clock; a late call corrects that", {
  timeout: 2 * PATIENCE_MS,
}, async () => {
  const right = interceptor();
  const early = interceptor(-3_600_000);
  const ended = ["a", "b", "c"].map((name) => begin(right, name));
  for (const call of ended) call.end(END);
  const left = ["d", "e", "f", "g", "h", "i"].map((name, n) => begin(n % 2 === 0 ? right : early, name));
  const closed = await waitFor(
    async () => {
      const calls = await listed();
      return left.every(({ id }) => calls.get(id) === "in_doubt") && calls;
    },
    { timeoutMs: PATIENCE_MS, what: "calls in doubt" },
  );
  expect(closed.size).toBe(left.length + ended.length);
  for (const { id } of ended) expect(closed.get(id)).toBe("ok");

  const [late] = left;
  if (late === undefined) throw new Error("no call");
  late.end(END);
  await waitFor(async () => (await listed()).get(late.id) === "ok", {
    timeoutMs: PATIENCE_MS,
    what: "the late call",
  });
  const detail = await archive.reader().call(late.id);
  expect(detail?.call?.envelope).toMatchObject({ call: { outcome: "ok" }, producer: { id: "gw0" } });
  expect(detail?.in_doubt?.since).toBe(detail?.intent?.envelope.call?.deadline);
  expect((await archive.reader().record(detail?.in_doubt?.record_id ?? ""))?.envelope.call?.outcome).toBe(
    "in_doubt",
  );

  // Another archiver, which has seen none of it, closes nothing twice.
  await archive.restarted();
  await archive.settled();
  const doubtful = await archive.reader().searchCalls({ outcome: "in_doubt" });
  expect(doubtful.rows.map(({ call_id }) => call_id).sort()).toEqual(
    left
      .slice(1)
      .map(({ id }) => id)
      .sort(),
  );
  expect((await listed()).size).toBe(left.length + ended.length);
  expect(await archive.alerts()).toEqual([]);
  expect((await archive.gaps()).filter(({ producer }) => !producer.startsWith("gw"))).toEqual([]);
});
