import { once } from "node:events";
import { request } from "node:http";
import { encodeRecord, parseRecord, TriplineError } from "@tripline/events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_BODY_BYTES, MAX_LINES } from "../src/index.ts";
import { type RunningCollector, startCollector } from "./running-collector.ts";
import { sampleEnvelope, sampleLine } from "./sample-records.ts";

let collector: RunningCollector;
let key: string;

beforeAll(async () => {
  collector = await startCollector();
  key = await collector.enrol({
    id: "gw",
    issuers: ["local", "key:acme", "grant:https://idp.example"],
    credentials: ["local:bound"],
  });
});
afterAll(() => collector.stop());

const DECISION = { kind: "reinstated", reason: "forged", by: "administrator", revocation_id: "r1" };
const ERASURE = {
  covers: { kind: "age", before: "2026-01-01T00:00:00.000Z" },
  except: [],
  reason: "made up",
  by: "somebody",
};
const RETENTION = { action: "expired", before: "2026-01-01T00:00:00.000Z", except: [], by: "somebody" };
const RULES = {
  number: 1,
  set: "0".repeat(64),
  generation: "g",
  list: [],
  disabled: [],
  exceptions: 0,
  problems: [],
};
const ACCESS = { by: "administrator", action: "calls.search", query: "{}", records: 0 };

interface Answer {
  accepted: number;
  refused: { line: number; code: string; message: string }[];
}

const send = async (lines: readonly string[]): Promise<Answer> => {
  const answer = await collector.post(key, lines.map((line) => `${line}\n`).join(""));
  expect(answer.status).toBe(200);
  return JSON.parse(await answer.text());
};
const actor = (credential: string, assurance: string) => ({ credential, assurance });

describe("POST /v1/records", () => {
  it("appends what was sent with only `received` added, keyed by credential, with CloudEvents headers", async () => {
    const line = sampleLine({ seq: 41 });
    const before = (await collector.events()).length;
    expect(await send([line])).toEqual({ accepted: 1, refused: [] });
    const found = (await collector.events())[before];
    const text = Buffer.from(found?.record.value ?? []).toString();
    expect(text.replace(/"received":"[^"]+",/, "")).toBe(line);
    expect(found?.json.envelope.received).toMatch(/^\d{4}-.*Z$/);
    expect(found?.record.key).toBe("acme/local:demo");
    expect(found?.record.headers).toMatchObject({ ce_type: "tripline.call", ce_source: "/tripline/acme/gw" });
    // The bytes are those that the schema's key order gives, so the archiver can rebuild them.
    expect(encodeRecord(parseRecord(text))).toBe(text);
  });

  it("puts a foreign key order and a forged time of receipt right", async () => {
    const { envelope, payload } = JSON.parse(sampleLine());
    const { v, id, ...rest } = envelope;
    const before = (await collector.events()).length;
    const line = JSON.stringify({
      payload,
      envelope: { id, received: "2001-01-01T00:00:00.000Z", v, ...rest },
    });
    expect(await send([line])).toEqual({ accepted: 1, refused: [] });
    const found = (await collector.events())[before];
    expect(Object.keys(found?.json.envelope ?? {}).slice(0, 6)).toEqual([
      "v",
      "id",
      "type",
      "time",
      "received",
      "tenant",
    ]);
    expect(found?.json.envelope.received).not.toMatch(/^2001/);
  });

  it("names the exact line of bad JSON in the middle of a batch and takes the others", async () => {
    const answer = await send([sampleLine(), '{"envelope":', sampleLine(), "", sampleLine()]);
    expect(answer.accepted).toBe(3);
    expect(answer.refused.map((entry) => [entry.line, entry.code])).toEqual([
      [1, "TRIPLINE_RECORD_INVALID"],
      [3, "TRIPLINE_RECORD_INVALID"],
    ]);
  });

  it.each([
    ["a forged tenant", { tenant: "evil" }, "TRIPLINE_TENANT_REFUSED"],
    ["a forged producer id", { producer: "gw-2" }, "TRIPLINE_PRODUCER_REFUSED"],
    ["a foreign key issuer", { actor: actor("key:other/7", "verified") }, "TRIPLINE_CREDENTIAL_REFUSED"],
    [
      "an issuer that begins alike",
      { actor: actor("key:acme-2/7", "verified") },
      "TRIPLINE_CREDENTIAL_REFUSED",
    ],
    [
      "a foreign grant issuer",
      { actor: actor("grant:https://idp.example.evil/app/ana", "verified") },
      "TRIPLINE_CREDENTIAL_REFUSED",
    ],
    [
      "a longer grant issuer",
      { actor: actor("grant:https://idp.example/realms/b/app/ana", "verified") },
      "TRIPLINE_CREDENTIAL_REFUSED",
    ],
    ["a local name as verified", { actor: actor("local:demo", "verified") }, "TRIPLINE_ASSURANCE_REFUSED"],
    ["verified without a credential", { actor: { assurance: "verified" } }, "TRIPLINE_ASSURANCE_REFUSED"],
    ["a decision", { type: "decision", part: { decision: DECISION } }, "TRIPLINE_TYPE_REFUSED"],
    ["an access record", { type: "access", part: { access: ACCESS } }, "TRIPLINE_TYPE_REFUSED"],
    ["an erasure", { type: "erasure", part: { erasure: ERASURE } }, "TRIPLINE_TYPE_REFUSED"],
    ["a retention", { type: "retention", part: { retention: RETENTION } }, "TRIPLINE_TYPE_REFUSED"],
    ["a rule change", { type: "rules.changed", part: { rules: RULES } }, "TRIPLINE_TYPE_REFUSED"],
    ["a tick", { type: "tick" }, "TRIPLINE_TYPE_REFUSED"],
    ["a statement", { type: "statement" }, "TRIPLINE_TYPE_REFUSED"],
    ["a revocation", { type: "revocation" }, "TRIPLINE_RECORD_INVALID"],
  ])("refuses %s", async (_what, options, code) => {
    const before = (await collector.events()).length;
    const answer = await send([sampleLine(options)]);
    expect(answer).toMatchObject({ accepted: 0, refused: [{ line: 0, code }] });
    expect((await collector.events()).length).toBe(before);
  });

  it.each([
    ["a key of its issuer as verified", actor("key:acme/7", "verified")],
    ["a grant of its issuer as verified", actor("grant:https://idp.example/app/ana", "verified")],
    ["the credential bound to its key as verified", actor("local:bound", "verified")],
    ["a local name as asserted", actor("local:demo", "asserted")],
    ["nobody", {}],
  ])("takes %s", async (_what, given) => {
    expect(await send([sampleLine({ actor: given })])).toEqual({ accepted: 1, refused: [] });
  });

  it("refuses a payload that is not the one the envelope names", async () => {
    const record = JSON.parse(sampleLine());
    record.payload.result = "something else";
    const swapped = JSON.stringify(record);
    const { payload: _, ...without } = JSON.parse(sampleLine());
    const answer = await send([swapped, JSON.stringify(without)]);
    expect(answer.refused.map((entry) => entry.code)).toEqual([
      "TRIPLINE_RECORD_HASH",
      "TRIPLINE_RECORD_HASH",
    ]);
  });

  it("takes heartbeats and refuses a record that is too large", async () => {
    const heartbeat = {
      envelope: {
        ...sampleEnvelope({ type: "heartbeat", actor: {} }),
        call: undefined,
        heartbeat: {
          from: "2026-11-21T09:30:00.000Z",
          to: "2026-11-21T09:30:10.000Z",
          from_seq: 0,
          to_seq: 3,
          dropped: {},
          hash: "b".repeat(64),
          previous: null,
          goodbye: false,
        },
      },
    };
    const answer = await send([JSON.stringify(heartbeat), sampleLine({ resultChars: 600_000 })]);
    expect(answer).toMatchObject({ accepted: 1, refused: [{ line: 1, code: "TRIPLINE_RECORD_TOO_LARGE" }] });
  });

  it("refuses batches that are too large, too long, compressed, not UTF-8 or of another type", async () => {
    const status = async (body: string | Uint8Array, headers?: Record<string, string>) => {
      const answer = await collector.post(key, body, headers);
      const { error } = JSON.parse(await answer.text());
      return [answer.status, error.code];
    };
    const before = (await collector.events()).length;
    expect(await status(Buffer.alloc(MAX_BODY_BYTES + 1, 10))).toEqual([413, "TRIPLINE_BODY_TOO_LARGE"]);
    expect(await status("\n".repeat(MAX_LINES + 1))).toEqual([413, "TRIPLINE_TOO_MANY_LINES"]);
    expect(await status("{}", { "content-encoding": "gzip" })).toEqual([415, "TRIPLINE_ENCODING"]);
    expect(await status(Buffer.from([0x7b, 0xff, 0x7d]))).toEqual([400, "TRIPLINE_BODY_NOT_UTF8"]);
    expect(await status("{}", { "content-type": "application/json" })).toEqual([415, "TRIPLINE_MEDIA_TYPE"]);
    expect((await collector.events()).length).toBe(before);
  });

  it("knows no unknown, missing, revoked or people's key", async () => {
    const gone = await collector.enrol({ id: "gone" });
    await collector.access.revokeProducer("acme", "gone");
    expect((await collector.post("tlp_nobody", sampleLine())).status).toBe(401);
    expect((await collector.post(gone, sampleLine())).status).toBe(401);
    expect((await collector.post(collector.administrator, sampleLine())).status).toBe(403);
    expect((await fetch(`${collector.url}/v1/records`, { method: "POST", body: "" })).status).toBe(401);
  });

  it("holds a producer to its quota and says when to come back", async () => {
    const small = await collector.enrol({ id: "small", quota: 10 });
    const lines = Array.from({ length: 60 }, (_, seq) => sampleLine({ producer: "small", seq })).join("\n");
    expect((await collector.post(small, lines)).status).toBe(200);
    const answer = await collector.post(small, sampleLine({ producer: "small" }));
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(3);
    expect((await collector.post(key, sampleLine())).status).toBe(200);
  });

  it("refuses a page of another origin and a rebound name", async () => {
    const foreign = await collector.post(key, sampleLine(), { origin: "https://evil.example" });
    expect(foreign.status).toBe(403);
    const rebound = request(`${collector.url}/v1/interceptor`, { headers: { host: "evil.example" } }).end();
    const [answer] = await once(rebound, "response");
    expect(answer.statusCode).toBe(421);
    answer.resume();
  });
});

describe("with the log away", () => {
  it("answers 503 with Retry-After, and takes the same batch when it is back", async () => {
    let away = true;
    const other = await startCollector({
      wrap: (log) => ({
        readTable: (topic, onEntry) => log.readTable(topic, onEntry),
        follow: (topic, onEntry) => log.follow(topic, onEntry),
        produce: (topic, records) =>
          away
            ? Promise.reject(
                new TriplineError("TRIPLINE_STREAM_UNAVAILABLE", "the log is away", { kind: "retriable" }),
              )
            : log.produce(topic, records),
      }),
    });
    const otherKey = await other.enrol({ id: "gw" });
    const refused = await other.post(otherKey, sampleLine());
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toMatchObject({ error: { code: "TRIPLINE_STREAM_UNAVAILABLE" } });
    away = false;
    expect(await (await other.post(otherKey, sampleLine())).json()).toEqual({ accepted: 1, refused: [] });
    await other.stop();
  });
});
