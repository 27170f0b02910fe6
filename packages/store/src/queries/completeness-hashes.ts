import type { Database } from "../connection/database.ts";
import { IntervalHash } from "./completeness-intervals.ts";
import { digestsInSpan, ENVELOPES_AT_ONCE, lowestSeq, type StoredDigest } from "./completeness-rows.ts";
import type { BootSpan, ExamineOptions, StoredHeartbeat } from "./completeness-types.ts";

export interface HashedIntervals {
  /** Whether what is stored has the hash that the heartbeat states; null where that can't be told. */
  matches: Map<StoredHeartbeat, boolean | null>;
  records: number;
}

/** Hashes what is stored of each interval. @param heartbeats of one boot, whose intervals follow each other and lie in `span` */
export async function hashIntervals(
  database: Database,
  span: BootSpan,
  heartbeats: readonly StoredHeartbeat[],
  options?: ExamineOptions,
): Promise<HashedIntervals> {
  const hashes = new Map(heartbeats.map((heartbeat) => [heartbeat, new IntervalHash()]));
  let at = 0;
  let records = 0;
  for await (const group of bySeq(database, span, options)) {
    const seq = group[0]?.seq ?? 0;
    records += group.length;
    while ((heartbeats[at]?.heartbeat.to_seq ?? Number.POSITIVE_INFINITY) <= seq) at += 1;
    const heartbeat = heartbeats[at];
    if (heartbeat === undefined) continue;
    if (seq < heartbeat.heartbeat.from_seq) continue;
    hashes.get(heartbeat)?.add([...new Set(group.map(({ digest }) => digest))]);
  }
  return {
    matches: new Map([...hashes].map(([beat, hash]) => [beat, hash.matches(beat.heartbeat.hash)])),
    records,
  };
}

const NUMBERS_AT_ONCE = ENVELOPES_AT_ONCE; // so that a page of a history without gaps is sorted alone

/** The records of the span, those under one number together. */
async function* bySeq(
  database: Database,
  span: BootSpan,
  options: ExamineOptions | undefined,
): AsyncGenerator<StoredDigest[]> {
  let next = span.first_seq;
  while (next <= span.last_seq) {
    const last_seq = Math.min(span.last_seq, next + NUMBERS_AT_ONCE - 1);
    const { digests, full } = await digestsInSpan(database, { ...span, first_seq: next, last_seq }, options);
    await options?.pause?.();
    const groups = [...Map.groupBy(digests, ({ seq }) => seq).values()];
    // The last number's records may go on behind the page's end.
    const cut = full && groups.length > 1 ? groups.pop()?.[0]?.seq : undefined;
    yield* groups;
    if (cut !== undefined) next = cut;
    else if (digests.length > 0) next = full ? (digests.at(-1)?.seq ?? last_seq) + 1 : last_seq + 1;
    else
      next = (await lowestSeq(database, { ...span, first_seq: last_seq + 1 }, options)) ?? span.last_seq + 1;
  }
}
