import { hash } from "node:crypto";
import { type Envelope, parseRecord, TOPICS, TriplineError } from "@tripline/events";
import { describe, expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { createContext } from "../create-context.ts";
import { createRecordProducer, type RecordProducerOptions } from "./record-producer.ts";

const context = createContext({ service: "test", logLevel: "silent" });
const AWAY = new TriplineError("TRIPLINE_STREAM_UNAVAILABLE", "away", { kind: "retriable" });

function world(options: Partial<RecordProducerOptions> = {}) {
  const texts: string[] = [];
  const keys: string[] = [];
  let failure: Error | null = null;
  const producer = createRecordProducer({
    log: {
      produce: async (topic, records) => {
        if (failure !== null) throw failure;
        expect(topic).toBe(TOPICS.events);
        texts.push(...records.map(({ value }) => Buffer.from(value).toString()));
        keys.push(...records.map(({ key }) => key));
      },
    },
    producerId: "console",
    context,
    ...options,
  });
  return {
    producer,
    texts,
    keys,
    envelopes: () => texts.map((text) => parseRecord(text).envelope),
    fail: (error: Error | null) => {
      failure = error;
    },
  };
}

const read = (tenant: string, by = "ana") => ({
  type: "access" as const,
  tenant,
  access: { by, action: "calls.search", query: "{}", records: 1 },
});

/** Checks a tenant's numbers and hashes as an auditor would; `lost` are numbers that were announced as dropped. */
function checkChain(texts: readonly string[], tenant: string, lost: readonly number[] = []): void {
  const mine = texts
    .map((text) => parseRecord(text).envelope)
    .filter((envelope) => envelope.tenant === tenant);
  expect(mine.map(({ producer }) => producer.seq)).toEqual(
    Array.from({ length: mine.length + lost.length }, (_, seq) => seq).filter((seq) => !lost.includes(seq)),
  );
  let previous: string | null = null;
  for (const { heartbeat } of mine) {
    if (heartbeat === undefined) continue;
    const covered = mine.filter(
      ({ producer: { seq } }) => seq >= heartbeat.from_seq && seq < heartbeat.to_seq,
    );
    const digests = covered.map((envelope: Envelope) => {
      const { received: _, ...sent } = envelope;
      return hash("sha256", JSON.stringify(sent), "buffer");
    });
    expect(heartbeat.hash).toBe(hash("sha256", Buffer.concat(digests), "hex"));
    expect(heartbeat.previous).toBe(previous);
    previous = heartbeat.hash;
  }
}

describe("record producer", () => {
  it("writes records that parse, stamped, numbered for each tenant, and says goodbye", async () => {
    const { producer, texts, keys, envelopes } = world();
    await producer.part.start();
    const [first] = await Promise.all([
      producer.write(read("acme"), { salt: "0".repeat(32), args: { text: "canary" } }),
      producer.write(read("other")),
      producer.write(read("acme", "bob")),
    ]);
    await producer.part.stop();
    expect(first).toMatchObject({ producer: { id: "console", seq: 0 }, tenant: "acme" });
    expect(first?.payload_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(first?.received).toBeDefined();
    expect(keys[0]).toBe("acme/console/");
    expect(envelopes().map(({ tenant, type }) => [tenant, type])).toEqual([
      ["acme", "access"],
      ["other", "access"],
      ["acme", "access"],
      ["acme", "heartbeat"],
      ["other", "heartbeat"],
    ]);
    expect(envelopes().at(-1)?.heartbeat?.goodbye).toBe(true);
    checkChain(texts, "acme");
    checkChain(texts, "other");
    await expect(producer.write(read("acme"))).rejects.toMatchObject({ code: "TRIPLINE_RECORDS_CLOSED" });
  });

  it("chains its heartbeats", async () => {
    const { producer, texts, envelopes } = world({ heartbeatMs: 20 });
    await producer.part.start();
    await producer.write(read("acme"));
    await waitFor(() => envelopes().filter(({ type }) => type === "heartbeat").length >= 3);
    await producer.write(read("acme"));
    await producer.part.stop();
    checkChain(texts, "acme");
  });

  it("tells the writer that the log is away, writes the record when it is back, and leaves no gap", async () => {
    const { producer, texts, fail, envelopes } = world({ writeTimeoutMs: 30 });
    await producer.part.start();
    fail(AWAY);
    await expect(producer.write(read("acme", "early"))).rejects.toMatchObject({
      code: "TRIPLINE_RECORDS_PENDING",
      kind: "retriable",
    });
    expect(producer.part.health().state).toBe("degraded");
    fail(null);
    await waitFor(() => envelopes().length === 1);
    await producer.write(read("acme", "late"));
    expect(producer.part.health().state).toBe("ready");
    await producer.part.stop();
    expect(envelopes().map(({ access }) => access?.by)).toEqual(["early", "late", undefined]);
    checkChain(texts, "acme");
  });

  it("takes no more than its bound", async () => {
    const { producer, fail } = world({ maxPending: 3, writeTimeoutMs: 30 });
    fail(AWAY);
    const writes = Array.from({ length: 5 }, () => producer.write(read("acme")));
    const codes = (await Promise.allSettled(writes)).map((result) =>
      result.status === "rejected" ? result.reason.code : "written",
    );
    expect(codes.filter((code) => code === "TRIPLINE_RECORDS_FULL")).toHaveLength(2);
    fail(null);
    await producer.part.stop();
  });

  it("announces what the log will never take", async () => {
    const { producer, texts, fail, envelopes } = world();
    await producer.write(read("acme"));
    fail(new TriplineError("TRIPLINE_STREAM_REFUSED", "never"));
    await expect(producer.write(read("acme"))).rejects.toMatchObject({ code: "TRIPLINE_STREAM_REFUSED" });
    fail(null);
    await producer.part.stop();
    expect(envelopes().at(-1)?.heartbeat?.dropped).toEqual({ log_refused: 1 });
    checkChain(texts, "acme", [1]);
  });

  it("refuses a record that is none, without a gap", async () => {
    const { producer, texts } = world();
    await expect(producer.write({ type: "access", tenant: "acme" })).rejects.toMatchObject({
      code: "TRIPLINE_RECORD_INVALID",
    });
    await producer.write(read("acme"));
    await producer.part.stop();
    checkChain(texts, "acme");
  });
});
