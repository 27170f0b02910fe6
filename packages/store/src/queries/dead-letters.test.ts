import { deadLetterId } from "@tripline/events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type NewDeadLetter,
  rowFromDeadLetter,
  rowFromDeadLetterBytes,
  rowFromDeadLetterDecision,
} from "../rows/index.ts";
import type { Store } from "../store.ts";
import { at, GENERATION, T0 } from "../testing/index.ts";
import { openTemporaryHttpStore, openTemporaryStore } from "../testing/temporary-store.ts";

let store: Store;

const ALL = { tenants: null };

function letter(offset: number, over: Partial<NewDeadLetter> = {}): NewDeadLetter {
  const origin = { generation: GENERATION, topic: "tripline.events", partition: 0, offset };
  const step = over.step ?? "archiver-events";
  return {
    ...origin,
    id: deadLetterId({ ...origin, step }),
    tenant: "acme",
    step,
    reason: "invalid",
    key: "acme/local:a",
    headers: { "ce-id": "1" },
    value: Buffer.from([0xff, 0, 0xfe, offset]),
    bytes: 4,
    cut: false,
    replayOf: "",
    ...over,
  };
}

/** As the archiver does; each call is one range. */
async function insert(first: number, letters: readonly NewDeadLetter[], appendTime = T0): Promise<void> {
  const source = { generation: GENERATION, topic: "tripline.dead-letters", partition: 0, first, last: first };
  const from = (index: number) => ({
    generation: GENERATION,
    partition: 0,
    offset: first + index,
    appendTime: appendTime + first + index,
  });
  const bytes = letters.map((each, index) => rowFromDeadLetterBytes(each, from(index)));
  await store.writer.insert(source, { table: "dead_letter_bytes", lines: bytes });
  const lines = letters.map((each, index) => rowFromDeadLetter(each, from(index)));
  await store.writer.insert(source, { table: "dead_letters", lines });
}

async function decide(id: string, offset: number, state: "replayed" | "discarded"): Promise<void> {
  const source = { generation: GENERATION, topic: "tripline.dead-letters", partition: 0 };
  const decision = {
    v: 1 as const,
    id,
    state,
    by: "ann",
    reason: "mended",
    at: at(offset),
    ...(state === "replayed" ? { position: { partition: 0, offset: 77 } } : {}),
  };
  const line = rowFromDeadLetterDecision(decision, {
    generation: GENERATION,
    partition: 0,
    offset,
    appendTime: T0 + offset,
  });
  await store.writer.insert(
    { ...source, first: offset, last: offset },
    { table: "dead_letter_decisions", lines: [line] },
  );
}

describe.each([
  ["embedded", openTemporaryStore],
  ["over HTTP", openTemporaryHttpStore],
])("dead letters, %s", (_kind, open) => {
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  it("are listed once, however often they were written, and keep their bytes exactly", async () => {
    const now = Date.now();
    const written = letter(5);
    await insert(0, [written, letter(4, { tenant: "", reason: "not_utf8", key: null, value: null })], now);
    await insert(2, [written], now);
    const { rows } = await store.deadLetters.list(ALL);
    expect(rows.map(({ offset, state }) => [offset, state])).toEqual([
      [4, "open"],
      [5, "open"],
    ]);
    expect(rows[0]).toMatchObject({ tenant: null, key: null, tombstone: true, reason: "not_utf8" });
    expect(rows[1]).toMatchObject({ tenant: "acme", key: "acme/local:a", tombstone: false, bytes: 4 });
    const bytes = await store.deadLetters.bytes(written.id);
    expect(bytes?.headers).toEqual({ "ce-id": "1" });
    expect([...(bytes?.value ?? [])]).toEqual([0xff, 0, 0xfe, 5]);
    expect((await store.deadLetters.bytes(rows[0]?.id ?? ""))?.value).toBeNull();
    expect(await store.deadLetters.open()).toEqual({ open: 2, oldest: new Date(now).toISOString() });
  });

  it("are seen by their tenant only; those without one by who asks for them", async () => {
    expect((await store.deadLetters.list({ tenants: ["acme"] })).rows).toHaveLength(1);
    expect((await store.deadLetters.list({ tenants: ["other"] })).rows).toEqual([]);
    expect((await store.deadLetters.list({ tenants: ["other", ""] })).rows).toHaveLength(1);
    expect((await store.deadLetters.list({ tenants: [] })).rows).toEqual([]);
    expect(await store.deadLetters.one({ tenants: ["other"] }, letter(5).id)).toBeNull();
    expect(await store.deadLetters.one(ALL, "'")).toBeNull();
  });

  it("take the last decision about them, and are counted, filtered and ordered", async () => {
    await insert(10, [letter(30), letter(20), letter(20, { step: "detector" })]);
    await decide(letter(5).id, 20, "discarded");
    await decide(letter(5).id, 21, "replayed");
    expect(await store.deadLetters.one(ALL, letter(5).id)).toMatchObject({
      state: "replayed",
      decided_by: "ann",
      decision_reason: "mended",
      decided_at: at(21),
      replayed_to: { partition: 0, offset: 77 },
    });
    expect(await store.deadLetters.count(ALL, { state: "open" })).toEqual([
      { step: "archiver-events", reason: "invalid", letters: 2 },
      { step: "archiver-events", reason: "not_utf8", letters: 1 },
      { step: "detector", reason: "invalid", letters: 1 },
    ]);
    const filter = { state: "open", reason: "invalid" } as const;
    const first = await store.deadLetters.inOrder(ALL, filter, { after: null, limit: 2 });
    expect(first.map(({ offset, step }) => [offset, step])).toEqual([
      [20, "archiver-events"],
      [20, "detector"],
    ]);
    const rest = await store.deadLetters.inOrder(ALL, filter, { after: first[1] ?? null, limit: 2 });
    expect(rest.map(({ offset }) => offset)).toEqual([30]);
    const found = await store.deadLetters.related(first[0] ?? raise(), ALL);
    expect(found.map(({ step }) => step)).toEqual(["detector"]);
    const page = await store.deadLetters.list(ALL, {}, { limit: 2 });
    const next = await store.deadLetters.list(ALL, {}, { limit: 5, cursor: page.next ?? "" });
    expect([...page.rows, ...next.rows]).toHaveLength(5);
  });

  it("are not shown with their bytes behind the retention", async () => {
    const old = letter(99);
    await insert(200, [old], Date.now() - 31 * 24 * 3600 * 1000);
    expect(await store.deadLetters.one(ALL, old.id)).toMatchObject({ offset: 99 });
    expect(await store.deadLetters.bytes(old.id)).toBeNull();
  });
});

function raise(): never {
  throw new Error("nothing found");
}
