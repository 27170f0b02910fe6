import { deadLetterId, encodeRecord, payloadHash, TOPIC_CLEANUP, TOPICS } from "@tripline/events";
import { createContext } from "@tripline/service";
import type { DeadLetterRow, Store } from "@tripline/store";
import { openTemporaryStore, testRecord } from "@tripline/store/testing";
import { createMemoryLog, MARK_HEADERS, type MemoryLog } from "@tripline/stream";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { createArchiver } from "./archiver.ts";
import { readDeadLetter } from "./dead-letter-record.ts";

let store: Store;
let log: MemoryLog;
const context = createContext({ service: "test", logLevel: "silent" });
const ALL = { tenants: null };

beforeEach(async () => {
  store = await openTemporaryStore();
  log = createMemoryLog();
  await log.ensureTopics(
    Object.values(TOPICS).map((name) => ({ name, partitions: 1, cleanup: TOPIC_CLEANUP[name] })),
  );
});
afterEach(async () => {
  await log.close();
  await store.close();
});

async function archiveAll(): Promise<void> {
  const archiver = createArchiver({ log, store, context, revocationKeys: () => [], ledger: null });
  await archiver.start();
  for (const topic of [TOPICS.events, TOPICS.deadLetters]) {
    const group = `archiver-${topic.replace("tripline.", "")}`;
    await waitFor(
      async () => {
        const [end] = await log.offsets(topic);
        const at = (await log.committed(topic, group)).get(0);
        return end?.next === 0 || (at?.offset === end?.next && at?.metadata === "");
      },
      { what: `${topic} to be archived` },
    );
  }
  expect(archiver.health().state).toBe("ready");
  await archiver.stop();
}

async function letters(): Promise<DeadLetterRow[]> {
  return (await store.deadLetters.inOrder(ALL, {}, { after: null, limit: 100 })).map((row) => row);
}

const key = "acme/local:demo";
const bytes = (text: string) => ({ key, value: Buffer.from(text) });

/** A record whose arguments are this JSON text, with a hash that fits. */
function withArgs(n: number, args: string): string {
  const payload = `{"salt":"${"0".repeat(32)}","args":${args}}`;
  const envelope = { ...testRecord(n).envelope, payload_hash: payloadHash(payload) };
  return `{"envelope":${JSON.stringify(envelope)},"payload":${payload}}`;
}

/** What may lie in a topic that others write to too; which of it is a letter, and why. */
const POISON: [what: string, value: Buffer, reason: string | null][] = [
  ["no JSON", Buffer.from("hello"), "invalid"],
  ["nothing", Buffer.alloc(0), "invalid"],
  ["the wrong schema", Buffer.from('{"envelope":{"v":2,"tenant":"acme"}}'), "invalid"],
  [
    "another tenant's",
    Buffer.from(encodeRecord(testRecord(1, { tenant: "other" })).replace('"v":1', '"v":9')),
    "invalid",
  ],
  ["not UTF-8", Buffer.concat([Buffer.from(encodeRecord(testRecord(2))), Buffer.from([0xff])]), "not_utf8"],
  ["null bytes", Buffer.alloc(64), "invalid"],
  ["deep nesting", Buffer.from(withArgs(3, "[".repeat(100_000) + "]".repeat(100_000))), "invalid"],
  ["deep nesting outside of the record", Buffer.from("[".repeat(400_000)), "invalid"],
  ["larger than a record", Buffer.from(withArgs(4, `"${"a".repeat(600_000)}"`)), "too_large"],
  ["as large as the log takes", Buffer.alloc(999_900, "x"), "too_large"],
  [
    "a number beyond what JSON's readers keep",
    Buffer.from(encodeRecord(testRecord(5)).replace('"seq":5', '"seq":1e400')),
    "invalid",
  ],
  // JSON.parse takes the last of two equal keys, and the hash is over what was parsed: the payload is not the one named.
  [
    "a key twice in the payload",
    Buffer.from(encodeRecord(testRecord(6)).replace('"args":', '"args":1,"args":')),
    null,
  ],
  ["a huge number in arguments", Buffer.from(withArgs(7, "1e400")), "payload_hash"],
  ["a null byte in a name", Buffer.from(encodeRecord(testRecord(8)).replace("gw-1", "gw\\u0000")), "invalid"],
];

describe("the archiver and dead letters", () => {
  it("keeps what it can't read apart, byte for byte, and lets the rest flow on", async () => {
    const good = (n: number) => bytes(encodeRecord(testRecord(n)));
    await log.produce(TOPICS.events, [
      good(100),
      ...POISON.map(([, value]) => ({ key, value, headers: { "ce-id": "x" } })),
      good(101),
    ]);
    await archiveAll();
    const reader = store.reader({ tenant: "acme", payloads: false });
    const stored = (await reader.searchCalls({}, { limit: 100 })).rows.map(({ seq }) => seq);
    expect(stored).toEqual(expect.arrayContaining([100, 101]));
    const found = new Map((await letters()).map((row) => [row.offset, row]));
    for (const [index, [what, value, reason]] of POISON.entries()) {
      const row = found.get(index + 1);
      expect(row?.reason ?? null, what).toBe(reason);
      if (row === undefined) continue;
      expect(row, what).toMatchObject({ step: "archiver-events", topic: TOPICS.events, key, state: "open" });
      expect(row.tenant, what).toBe(what === "another tenant's" ? null : "acme");
      const kept = await store.deadLetters.bytes(row.id);
      expect(kept?.headers, what).toEqual({ "ce-id": "x" });
      expect(row.bytes, what).toBe(value.byteLength);
      const whole = Buffer.from(kept?.value ?? []);
      expect(row.cut ? value.subarray(0, whole.byteLength).equals(whole) : whole.equals(value), what).toBe(
        true,
      );
    }
    expect(found.get(1 + POISON.findIndex(([what]) => what === "as large as the log takes"))?.cut).toBe(true);
    await expect(
      log.produce(TOPICS.events, [{ key, value: Buffer.alloc(10 * 1024 * 1024) }]),
    ).rejects.toMatchObject({ code: "TRIPLINE_STREAM_RECORD_TOO_LARGE" });
  });

  it("keeps the letter of a replay, linked to the first, and a stranger's record as a letter too", async () => {
    const origin = { generation: log.generation, topic: TOPICS.events, partition: 0, offset: 3 };
    await log.produce(TOPICS.events, [
      {
        ...bytes("still no JSON"),
        headers: {
          [MARK_HEADERS.replayStep]: "archiver-events",
          [MARK_HEADERS.replayOf]: `${origin.generation}/${origin.topic}/0/3`,
        },
      },
    ]);
    await log.produce(TOPICS.deadLetters, [{ key: null, value: Buffer.from("who?") }]);
    await archiveAll();
    await archiveAll(); // the letter that the first run wrote
    const rows = await letters();
    expect(rows.map(({ reason, step }) => [reason, step])).toEqual([
      ["not_a_letter", "unknown"],
      ["invalid", "archiver-events"],
    ]);
    expect(rows[1]?.replay_of).toBe(deadLetterId({ ...origin, step: "archiver-events" }));
    expect(rows[0]?.tenant).toBeNull();
  });

  it("reads any record of the topic as something", () => {
    const header = fc.constantFrom(
      "dead_letter_reason",
      "dead_letter_step",
      "dead_letter_topic",
      "dead_letter_partition",
      "dead_letter_offset",
      "dead_letter_tombstone",
      "dead_letter_cut",
      "dead_letter_decision",
      "tripline_replay_of",
      "tripline_replay_step",
    );
    const value = fc.oneof(fc.constantFrom("1", "true", "", "in", "g/in/0/1"), fc.string());
    fc.assert(
      fc.property(
        fc.dictionary(header, value),
        fc.option(fc.uint8Array()),
        fc.option(fc.string()),
        (headers, body, someKey) => {
          const record = {
            topic: "dl",
            partition: 0,
            offset: 9,
            appendTime: 1,
            key: someKey,
            value: body,
            headers,
          };
          const read = readDeadLetter(record, "g");
          if (read.kind === "letter") expect(read.letter.id).toMatch(/^[0-9a-f]{64}$/);
        },
      ),
    );
  });
});
