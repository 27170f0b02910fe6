import { type Incident, incidentKey, TOPICS } from "@tripline/events";
import { applyFold, foldTriage } from "@tripline/response";
import { createMemoryLog, triplineTopics } from "@tripline/stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { anAlert } from "../testing/bench.ts";
import { IncidentLookup } from "./incident-lookup.ts";
import { OwnedBooks } from "./owned-books.ts";
import { partitionBook } from "./partition-book.ts";

const log = createMemoryLog();
beforeAll(() => log.ensureTopics(triplineTopics(3)));
afterAll(() => log.close());

const NOTHING = { kind: "none", reason: "off" } as const;
const { book } = partitionBook();

/** What another responder made of one more alert about a key. */
async function grow(key: string, tenant = "acme"): Promise<Incident> {
  const alert = anAlert({ tenant, actor: { credential: `local:${key}`, assurance: "verified" } });
  const folded = foldTriage(book, { kind: "alert", alert, done: NOTHING }, Date.now());
  applyFold(book, folded);
  const [version] = folded.versions;
  if (version === undefined) throw new Error("the alert made no version");
  const value = Buffer.from(JSON.stringify(version));
  await log.produce(TOPICS.incidents, [{ key: incidentKey(tenant, version.id), value }]);
  return version;
}

test("finds the latest version of what others hold, as the topic goes on, and each tenant's alone", async () => {
  const lookup = new IncidentLookup(log, new OwnedBooks());
  const first = await grow("a");
  const others = await Promise.all(["b", "c", "d", "e"].map((key) => grow(key)));
  const theirs = await grow("a", "other");
  for (const each of [first, ...others]) expect(await lookup.find("acme", each.id)).toEqual(each);
  const later = await grow("a");
  expect(later.id).toBe(first.id);
  expect(await lookup.find("acme", first.id)).toEqual(later);
  expect(await lookup.find("acme", theirs.id)).toBeUndefined();
  expect(await lookup.find("acme", "0".repeat(64))).toBeUndefined();
});

test("what this process holds itself is the latest, before it is written", async () => {
  const books = new OwnedBooks();
  const lookup = new IncidentLookup(log, books);
  const held = await grow("mine");
  const own = partitionBook().book;
  const state = book.open.peek(held.id);
  if (state === undefined) throw new Error("the incident is not open");
  own.open.set(held.id, { ...state, incident: { ...state.incident, version: 9 } });
  books.add(0, own);
  expect((await lookup.find("acme", held.id))?.version).toBe(9);
  expect(await lookup.find("other", held.id)).toBeUndefined();
  books.remove(0, book); // another book's loss is not this one's
  expect((await lookup.find("acme", held.id))?.version).toBe(9);
  books.remove(0, own);
  expect((await lookup.find("acme", held.id))?.version).toBe(1);
});
