import { encodeRecord } from "@tripline/events";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PartitionWatch } from "./partition-watch.ts";
import { callIdOf, envelopeBytes, typeOf } from "./record-bytes.ts";
import { anId, asRead, FakeInterceptor } from "./testing/events.ts";

const NOW = Date.now();
const DEMO = { tenant: "acme", scope: "credential", subject: "local:demo" };

describe("calls in flight", () => {
  const gateway = new FakeInterceptor("gw-1");

  test("an intent begins one, its call ends it, and others stay", () => {
    const watch = new PartitionWatch();
    const [ended, open] = [anId(), anId()];
    watch.take(asRead(gateway.intent(ended)));
    watch.take(asRead(gateway.intent(open, { tool: "wire" })));
    watch.take(asRead(gateway.call(ended)));
    expect(watch.inFlight.of(DEMO, NOW)).toMatchObject([{ server: "mail", tool: "wire" }]);
  });

  test.each([
    ["credential", "local:demo", 1],
    ["credential", "local:dem", 0],
    ["session", "s-1", 1],
    ["agent", "helper", 1],
    ["server", "mail", 1],
    ["tool", "mail/send", 1],
    ["tool", "mail/sen", 0],
    ["principal", "nobody", 0],
  ])("of scope %s, subject %s: %i", (scope, subject, count) => {
    const watch = new PartitionWatch();
    watch.take(asRead(gateway.intent(anId())));
    expect(watch.inFlight.of({ tenant: "acme", scope, subject }, NOW)).toHaveLength(count);
    expect(watch.inFlight.of({ tenant: "other", scope, subject }, NOW)).toEqual([]);
  });

  test("what nobody ended is forgotten after an hour, and there are never more than fit", () => {
    const watch = new PartitionWatch();
    for (let i = 0; i < 10_010; i += 1) watch.take(asRead(gateway.intent(anId()), i, NOW));
    expect(watch.inFlight.size).toBe(10_000);
    expect(watch.inFlight.of(DEMO, NOW)).toHaveLength(50);
    expect(watch.inFlight.of(DEMO, NOW + 3601_000)).toEqual([]);
  });
});

test("captured text never looks like a key: whatever a server or tool is called, the call's own id is found", () => {
  const gateway = new FakeInterceptor("gw-1");
  const hostile = fc.oneof(
    fc.string({ minLength: 1, maxLength: 60 }),
    fc.constantFrom('","call":{"id":"00000000-0000-7000-8000-000000000000"', '},"payload":{', '{"envelope":'),
  );
  fc.assert(
    fc.property(hostile, hostile, (server, tool) => {
      const id = anId();
      const record = asRead(gateway.intent(id, { server, tool }));
      const value = record.value ?? new Uint8Array(0);
      expect(callIdOf(value)).toBe(id);
      expect(typeOf({ ...record, headers: {} })).toBe("call.intent");
      const { envelope } = JSON.parse(Buffer.from(value).toString());
      expect(JSON.parse(envelopeBytes(value)?.toString() ?? "")).toEqual(envelope);
      const withPayload = Buffer.from(
        encodeRecord({ envelope, payload: { salt: "0".repeat(32), result: tool } }),
      );
      expect(JSON.parse(envelopeBytes(withPayload)?.toString() ?? "")).toEqual(envelope);
    }),
  );
});

test("any bytes are looked at without harm", () => {
  const watch = new PartitionWatch();
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom("call", "call.intent", "heartbeat", "decision", ""),
      (value, type) => {
        const headers: Record<string, string> = type === "" ? {} : { ce_type: `tripline.${type}` };
        expect(watch.take({ ...asRead({ key: "acme/local:x", value, headers }) })).toBeNull();
      },
    ),
  );
});

describe("interceptors", () => {
  test("live from a heartbeat or what they applied; gone with their goodbye; a later boot replaces a silent one", () => {
    const watch = new PartitionWatch();
    const [first, second] = [new FakeInterceptor("gw-1"), new FakeInterceptor("gw-1")];
    watch.take(asRead(first.heartbeat(), 0, 1000));
    watch.take(asRead(second.applied({ id: "r", scope: "credential", subject: "x" }), 1, 2000));
    const [old, newest] = watch.interceptors.of("acme");
    expect(old !== undefined && watch.interceptors.isReplaced(old)).toBe(true);
    expect(newest !== undefined && watch.interceptors.isReplaced(newest)).toBe(false);
    watch.take(asRead(first.heartbeat(), 2, 3000));
    const [, heardAgain] = watch.interceptors.of("acme");
    expect(heardAgain !== undefined && watch.interceptors.isReplaced(heardAgain)).toBe(false);
    watch.take(asRead(second.heartbeat({ goodbye: true }), 3, 4000));
    expect(watch.interceptors.of("acme")).toHaveLength(1);
  });

  test("Tripline's own records come from no interceptor: nothing waits for them to refuse", () => {
    const watch = new PartitionWatch();
    for (const [at, own] of ["tripline", "console", "responder"].entries()) {
      watch.take(asRead(new FakeInterceptor(own).heartbeat(), at, 1000));
    }
    expect(watch.interceptors.of("acme")).toEqual([]);
  });

  test("a decision that a producer wrote itself counts for nothing", () => {
    const watch = new PartitionWatch();
    const record = asRead(new FakeInterceptor("gw-1").heartbeat());
    const { envelope } = JSON.parse(Buffer.from(record.value ?? []).toString());
    const forged = {
      ...envelope,
      type: "decision",
      decision: { kind: "enforced", reason: "r", by: "policy", revocation_id: "r" },
    };
    const value = Buffer.from(encodeRecord({ envelope: forged }));
    expect(watch.take({ ...record, value, headers: { ce_type: "tripline.decision" } })).toBeNull();
    const ours = { ...forged, producer: { ...forged.producer, id: "responder" } };
    const own = Buffer.from(encodeRecord({ envelope: ours }));
    expect(watch.take({ ...record, value: own, headers: { ce_type: "tripline.decision" } })).toMatchObject({
      what: "enforced",
    });
  });

  test("entries that it refused are news once", () => {
    const watch = new PartitionWatch();
    const gateway = new FakeInterceptor("gw-1");
    const said = (rejected: number) =>
      watch.take(asRead(gateway.heartbeat({ deny_list: { status: "fresh", entries: 0, rejected } })));
    expect(said(0)).toBeNull();
    expect(said(2)).toMatchObject({ kind: "rejected", entries: 2, producer: "gw-1" });
    expect(said(2)).toBeNull();
  });
});

test("keys in use are counted for each tenant for a day, callers without one are not", () => {
  const watch = new PartitionWatch();
  const gateway = new FakeInterceptor("gw-1");
  const dayMs = 24 * 3600_000;
  for (let i = 0; i < 300; i += 1)
    watch.take(asRead(gateway.call(anId(), { credential: `local:k${i}` }), i, NOW));
  watch.take(asRead(new FakeInterceptor("gw-1", { tenant: "other" }).call(anId()), 301, NOW));
  watch.take(asRead(gateway.heartbeat(), 302, NOW));
  expect(watch.activeKeys.count("acme", NOW)).toBe(300);
  expect(watch.activeKeys.count("other", NOW)).toBe(1);
  expect(watch.activeKeys.count("nobody", NOW)).toBe(0);
  watch.take(asRead(gateway.call(anId(), { credential: "local:k1" }), 303, NOW + dayMs));
  expect(watch.activeKeys.count("acme", NOW + dayMs + 2 * 3600_000)).toBe(1);
});

test("what it knows comes back from its state", () => {
  const watch = new PartitionWatch();
  const gateway = new FakeInterceptor("gw-1", { enforcement: "advisory" });
  const call = anId();
  watch.take(asRead(gateway.heartbeat(), 7, NOW));
  watch.take(asRead(gateway.intent(call), 8, NOW));
  watch.take(asRead(gateway.applied({ id: "r", scope: "credential", subject: "local:demo" }), 9, NOW));
  const restored = new PartitionWatch();
  restored.restore(watch.snapshot());
  expect(restored.next).toBe(10);
  expect(restored.interceptors.all()).toEqual(watch.interceptors.all());
  expect(restored.inFlight.of(DEMO, NOW)).toEqual(watch.inFlight.of(DEMO, NOW));
  expect(restored.applied.of("acme", "r").get(gateway.name)).toHaveProperty("active");
  expect(restored.activeKeys.count("acme", NOW)).toBe(1);
  restored.take(asRead(gateway.call(call), 10, NOW));
  expect(restored.inFlight.size).toBe(0);
});
