import type { Envelope } from "@tripline/events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Store } from "../store.ts";
import {
  at,
  id,
  insertRecords,
  insertRevocations,
  openTemporaryHttpStore,
  openTemporaryStore,
  testRecord,
  testRevocation,
} from "../testing/index.ts";

const DECIDED = 100_000;
const BOOT = { "gw-1": id(1_000_000), laptop: id(1_000_001), plain: id(1_000_002), otlp: id(1_000_003) };

function by(producer: keyof typeof BOOT, seq: number, enforcement?: "advisory"): Pick<Envelope, "producer"> {
  return { producer: { id: producer, boot: BOOT[producer], seq, enforcement } };
}

function heartbeat(ms: number, status?: "none" | "fresh"): Partial<Envelope> {
  return {
    type: "heartbeat",
    time: at(ms),
    heartbeat: {
      ...{ from: at(ms - 10_000), to: at(ms), from_seq: 0, to_seq: 1, dropped: {}, hash: "ab".repeat(32) },
      ...{ previous: null, goodbye: false },
      ...(status === undefined ? {} : { deny_list: { status, entries: 0, rejected: 0 } }),
    },
  };
}

function call(
  type: "call" | "call.intent",
  n: number,
  ms: number,
  started: number,
  outcome?: "ok" | "denied",
) {
  return testRecord(n, {
    type,
    time: at(ms),
    call: { id: id(3_000_000 + started), method: "tools/call", started: at(started), outcome },
  });
}

function decision(n: number, ms: number, more: Partial<NonNullable<Envelope["decision"]>>) {
  const decided = {
    kind: "not_enforced" as const,
    reason: "late",
    by: "policy",
    revocation_id: "rev-1",
    ...more,
  };
  const producer = { id: "responder", boot: id(1_000_009), seq: n };
  return testRecord(n, { type: "decision", time: at(ms), producer, decision: decided });
}

describe.each([
  ["embedded", openTemporaryStore],
  ["over HTTP", openTemporaryHttpStore],
])("the course of a revocation, %s", (_kind, open) => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
    await insertRecords(
      store.writer,
      [
        testRecord(1, { ...heartbeat(DECIDED - 5000, "fresh"), ...by("gw-1", 1) }),
        testRecord(2, { ...heartbeat(DECIDED - 5000), ...by("laptop", 2, "advisory") }),
        testRecord(3, { ...heartbeat(DECIDED - 5000, "none"), ...by("plain", 3) }),
        testRecord(4, { time: at(DECIDED - 4000), ...by("otlp", 4) }),
        testRecord(5, { ...heartbeat(DECIDED - 5000), producer: { id: "console", boot: id(7), seq: 1 } }),
        // Ended before; ended later; never ended; began after; refused; somebody else's.
        call("call.intent", 10, DECIDED - 900, DECIDED - 900),
        call("call", 11, DECIDED - 500, DECIDED - 900, "ok"),
        call("call.intent", 12, DECIDED - 800, DECIDED - 800),
        call("call", 13, DECIDED + 500, DECIDED - 800, "ok"),
        call("call.intent", 14, DECIDED - 700, DECIDED - 700),
        call("call", 15, DECIDED + 50, DECIDED + 20, "ok"),
        call("call", 16, DECIDED + 30, DECIDED - 1, "denied"),
        { ...call("call.intent", 17, DECIDED - 600, DECIDED - 600) },
        decision(20, DECIDED + 60_000, { interceptors: [{ producer: "gw-2", boot: id(8) }] }),
        decision(21, DECIDED + 70_000, {
          kind: "enforced",
          interceptors: [{ producer: "gw-2", boot: id(8) }],
        }),
        decision(22, DECIDED + 200, { kind: "upstream_acknowledged", via: "keycloak", reason: "logged out" }),
        decision(23, DECIDED + 300, { kind: "revoked" }),
        decision(24, DECIDED + 300, { kind: "upstream_verified", revocation_id: "rev-9" }),
      ].map((record) =>
        record.envelope.id === id(17)
          ? {
              ...record,
              envelope: {
                ...record.envelope,
                actor: { credential: "local:other", assurance: "verified" as const },
              },
            }
          : record,
      ),
    );
    await insertRevocations(store.writer, [testRevocation({ decided_at: at(DECIDED) })]);
  });
  afterAll(() => store.close());

  it("tells who was there, what was late, what the issuer said and what was under way", async () => {
    const reader = store.reader({ tenant: "acme", payloads: false });
    const found = await reader.revocation("rev-1");
    expect(found?.course.present).toEqual([
      { producer: "gw-1", boot: BOOT["gw-1"], advisory: false, refuses: true },
      { producer: "laptop", boot: BOOT.laptop, advisory: true, refuses: true },
      { producer: "otlp", boot: BOOT.otlp, advisory: false, refuses: false },
      { producer: "plain", boot: BOOT.plain, advisory: false, refuses: false },
    ]);
    expect(
      found?.course.decisions.map(({ kind, via, interceptors }) => [kind, via, interceptors.length]),
    ).toEqual([
      ["upstream_acknowledged", "keycloak", 0],
      ["not_enforced", null, 1],
      ["enforced", null, 1],
    ]);
    expect(found?.course.decisions[1]).toMatchObject({
      record_id: id(20),
      at: at(DECIDED + 60_000),
      interceptors: [{ producer: "gw-2", boot: id(8) }],
    });
    expect(found?.course.in_flight.map(({ started, outcome }) => [started, outcome])).toEqual([
      [at(DECIDED - 800), "ok"],
      [at(DECIDED - 700), null],
    ]);
    expect(found?.course.in_flight[0]).toMatchObject({
      server: "files",
      tool: "read_file",
      record_id: id(12),
    });
  });

  it("is nobody else's", async () => {
    expect(await store.reader({ tenant: "globex", payloads: true }).revocation("rev-1")).toBeNull();
  });
});
