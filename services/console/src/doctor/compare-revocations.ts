import { type SignedRevocation, signedRevocationSchema, TOPICS } from "@tripline/events";
import { revocationContent, rowFromRevocation, type Store, type StoredRevocation } from "@tripline/store";
import type { Log, TableEntry } from "@tripline/stream";
import type { Compared } from "./chunk.ts";
import type { Letters } from "./compare-events.ts";
import { type Finding, NO_COUNTS } from "./lines.ts";

const MAX_ENTRIES = 200_000; // held at once, some 200 MB: a compacted topic is read whole or not at all
const CHUNK = 1_000;

/** What the compacted topic holds before each partition's `to`; `null` when there is more than is held at once. */
export async function revocationEntries(
  log: Log,
  before: ReadonlyMap<number, number>,
): Promise<TableEntry[] | null> {
  const entries = new Map<string, TableEntry>();
  let isTooMuch = false;
  const reader = await log.readTable(TOPICS.revocations, (entry) => {
    if (entry.offset >= (before.get(entry.partition) ?? 0)) entries.delete(entry.key);
    else if (entries.size < MAX_ENTRIES) entries.set(entry.key, entry);
    else isTooMuch = true;
  });
  try {
    await reader.loaded;
  } finally {
    await reader.close();
  }
  return isTooMuch ? null : [...entries.values()];
}

/** Compares the entries of one partition with `revocations`; chunk by chunk. Earlier states of an entry were compacted away. */
export async function* compareRevocations(
  { store, generation, letters }: { store: Store; generation: string; letters: Letters },
  partition: number,
  entries: readonly TableEntry[],
  signal: AbortSignal,
): AsyncGenerator<Compared> {
  for (let first = 0; first < entries.length; first += CHUNK) {
    yield await compare(entries.slice(first, first + CHUNK));
  }

  async function compare(some: readonly TableEntry[]): Promise<Compared> {
    const counts = { ...NO_COUNTS, positions: some.length };
    const findings: Finding[] = [];
    const read = some.map((entry) => ({ entry, revocation: parse(entry) }));
    const rows = await store.reconcile.revocations(
      read.flatMap(({ revocation }) => (revocation === null ? [] : [revocation])),
      { signal },
    );
    const byState = Map.groupBy(rows, keyOf);
    const open: { entry: TableEntry; revocation: SignedRevocation | null }[] = [];
    for (const each of read) {
      const { entry, revocation } = each;
      if (entry.value === null) counts.tombstones++;
      else if (revocation === null) open.push(each);
      else {
        const [row, ...others] = byState.get(keyOf(revocation)) ?? [];
        if (row === undefined) {
          open.push(each);
          continue;
        }
        counts.rows++;
        const find = (kind: Finding["kind"], what: string) =>
          findings.push(finding(kind, entry, what, revocation));
        if (others.length > 0) find("doubled", `one state of one entry, ${others.length + 1} rows`);
        if (row.content !== contentOf(revocation)) {
          find("altered", "the stored revocation is not the one that the log holds");
        }
      }
    }
    const offsets = open.map(({ entry }) => entry.offset);
    const [from, to] = [Math.min(...offsets), Math.max(...offsets) + 1];
    const withLetter =
      open.length === 0
        ? { offsets: new Set<number>(), isComplete: true }
        : await letters({ topic: TOPICS.revocations, generation, partition, from, to }, offsets, signal);
    let untold = 0;
    for (const { entry, revocation } of open) {
      if (withLetter.offsets.has(entry.offset)) counts.dead_letters++;
      else if (!withLetter.isComplete) untold++;
      else if (revocation === null) {
        findings.push(finding("missing", entry, "it can't be read, and has no dead letter", null));
      } else {
        const what = "the log holds this revocation, and the store has no row of it";
        findings.push(finding("missing", entry, what, revocation));
      }
    }
    return { findings, counts, untold, times: null };
  }
}

function finding(
  kind: Finding["kind"],
  { partition, offset }: TableEntry,
  what: string,
  entry: SignedRevocation | null,
): Finding {
  const about = entry === null ? {} : { tenant: entry.tenant, id: entry.id, time: entry.decided_at };
  return { kind, topic: TOPICS.revocations, partition, offset, what, ...about };
}

function keyOf({ tenant, id, state }: Pick<StoredRevocation, "tenant" | "id" | "state">): string {
  return JSON.stringify([tenant, id, state]);
}

function contentOf(revocation: SignedRevocation): string {
  return revocationContent(
    rowFromRevocation(revocation, { generation: "", partition: 0, offset: 0, appendTime: 0 }),
  );
}

function parse({ value }: TableEntry): SignedRevocation | null {
  if (value === null) return null;
  try {
    const entry = signedRevocationSchema.safeParse(JSON.parse(Buffer.from(value).toString("utf8")));
    return entry.success ? entry.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
