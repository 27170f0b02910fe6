import { envelopeSchema, payloadHash } from "@tripline/events";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Store } from "../store.ts";
import { GENERATION, id, openTemporaryStore, T0, testRecord } from "../testing/index.ts";
import { rowFromPayload } from "./payload-row.ts";
import { rowFromEnvelope } from "./record-row.ts";

let store: Store;
beforeAll(async () => {
  store = await openTemporaryStore();
});
afterAll(() => store.close());

const ENVELOPES = 400;

const hostile = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
  fc.constantFrom(
    "'",
    "\\",
    '"',
    "\\N",
    "NULL",
    "\ud800",
    "é\u2028𝒳",
    "⟨secret:k1.0123456789abcdef⟩",
    "{p0:String}",
  ),
);
const time = fc.constantFrom(
  "2026-11-21T09:30:00.123Z",
  "2026-13-45T99:99:99.999Z",
  "0000-00-00T00:00:00.000Z",
  "9999-12-31T23:59:59.999Z",
  "1970-01-01T00:00:00.000Z",
);
const number = fc.oneof(
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeNat(),
  fc.constantFrom(0, 0.1, 12.407, 1e-9),
);
const extra = fc.dictionary(fc.constantFrom("__proto__", "vendor", "0", "zz"), fc.jsonValue(), {
  maxKeys: 2,
});
const change = fc.record({
  time,
  started: time,
  agent: hostile,
  session: hostile,
  roles: fc.array(hostile, { maxLength: 3 }),
  duration_ms: number,
  cost_usd: number,
  args_bytes: fc.maxSafeNat(),
  upstream: hostile,
  extra,
  said: fc.record({ args: fc.jsonValue(), result: hostile, error: hostile, extra }),
});

/** As a producer's payload is hashed: the text of what was parsed. */
const reparsed = (value: unknown): string => JSON.stringify(JSON.parse(JSON.stringify(value)));

it("whatever the contract lets through goes into the tables, and comes out of them byte for byte", async () => {
  const written = fc.sample(change, ENVELOPES).flatMap((made, n) => {
    const base = testRecord(n).envelope;
    const payloadText = reparsed({
      salt: "0".repeat(32),
      ...made.said.extra,
      args: made.said.args,
      result: made.said.result,
      error: made.said.error,
    });
    const envelope = {
      ...base,
      time: made.time,
      actor: { ...base.actor, agent: made.agent, roles: made.roles, ...made.extra },
      session: { id: made.session },
      target: { ...base.target, upstream: made.upstream },
      call: {
        ...base.call,
        started: made.started,
        duration_ms: made.duration_ms,
        args_bytes: made.args_bytes,
      },
      usage: { cost_usd: made.cost_usd },
      payload_hash: payloadHash(payloadText),
      ...made.extra,
    };
    const text = JSON.stringify(envelope);
    const parsed = envelopeSchema.safeParse(JSON.parse(text));
    return parsed.success ? [{ n, text, payloadText, sent: JSON.parse(text) }] : [];
  });
  expect(written.length).toBeGreaterThan(ENVELOPES / 4);

  const source = {
    generation: GENERATION,
    topic: "tripline.events",
    partition: 0,
    first: 0,
    last: ENVELOPES,
  };
  const from = (offset: number) => ({
    generation: GENERATION,
    partition: 0,
    offset,
    appendTime: T0 + offset,
  });
  await store.writer.insert(source, {
    table: "payloads",
    lines: written.map(({ n, sent, payloadText }) =>
      rowFromPayload(sent, JSON.parse(payloadText), payloadText, from(n)),
    ),
  });
  await store.writer.insert(source, {
    table: "records",
    lines: written.map(({ n, sent, text }) => rowFromEnvelope(sent, text, true, from(n))),
  });

  const stretch = { generation: GENERATION, partition: 0, from: 0, to: ENVELOPES };
  const sealed = await store.sealed.block(stretch);
  const textAt = (index: number, of: readonly { index: number; bytes: Uint8Array | null }[]) =>
    Buffer.from(of.find((each) => each.index === index)?.bytes ?? []).toString("utf8");
  const envelopes = sealed.rows.map(({ index, envelope }) => ({ index, bytes: envelope }));
  const reader = store.reader({ tenant: "acme", payloads: true });
  for (const { n, text, payloadText } of written) {
    const found = await reader.record(id(n));
    expect(found?.envelope_text).toBe(text);
    expect(found?.payload_text).toBe(payloadText);
    expect(textAt(n, envelopes)).toBe(text);
    expect(textAt(n, sealed.payloads)).toBe(payloadText);
  }
}, 60_000);
