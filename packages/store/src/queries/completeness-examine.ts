import type { Database } from "../connection/database.ts";
import { hashIntervals } from "./completeness-hashes.ts";
import {
  type ChainVerdict,
  countOf,
  judgeChain,
  judgeInterval,
  split,
  undeclared,
  within,
} from "./completeness-intervals.ts";
import {
  countSpans,
  deadLettersOfBoot,
  heartbeatBefore,
  type MissingNumbers,
  missingInSpan,
  reusedInSpan,
} from "./completeness-rows.ts";
import {
  type BootActivity,
  type BootHistory,
  type BootSpan,
  type ExamineOptions,
  type Gap,
  type GapKind,
  MAX_RANGES,
  type ProducerBoot,
  type SeqRange,
  type StoredHeartbeat,
} from "./completeness-types.ts";
import type { QueryOptions } from "./types.ts";

/**
 * An interval's records are looked for between its heartbeats' appends and this much around them: brokers' clocks differ,
 * and may be set by an hour. What is not there is looked for everywhere before anything is said to be missing.
 */
const CLOCK_SLACK_MS = 2 * 3600 * 1000;

export interface Examination {
  gaps: Gap[];
  /** How many records were counted, or hashed. */
  records: number;
}

interface Interval {
  heartbeat: StoredHeartbeat;
  /** Numbers from here up to the heartbeat's are accounted for with it. */
  from: number;
}

/** Examines the intervals that these heartbeats end. @param heartbeats of one boot, by rising number */
export async function examineHeartbeats(
  database: Database,
  heartbeats: readonly StoredHeartbeat[],
  { hashes }: { hashes: boolean },
  options?: ExamineOptions,
): Promise<Examination> {
  const [first] = heartbeats;
  if (first === undefined) return { gaps: [], records: 0 };
  const before = await heartbeatBefore(database, first, first.seq, options);
  const { intervals, gaps } = chain(heartbeats, before);
  const last = intervals.at(-1);
  if (last === undefined) return { gaps, records: 0 };
  const everywhere: BootSpan = {
    tenant: first.tenant,
    producer: first.producer,
    boot: first.boot,
    first_seq: Math.min(...intervals.map(({ from }) => from)),
    last_seq: last.heartbeat.heartbeat.to_seq - 1,
  };
  if (everywhere.last_seq < everywhere.first_seq) {
    return { gaps: [...gaps, ...intervals.flatMap(({ heartbeat }) => dropsOf(heartbeat, []))], records: 0 };
  }
  const near: BootSpan = {
    ...everywhere,
    since: before === null ? undefined : shifted(before.append_time, -CLOCK_SLACK_MS),
    until: shifted(last.heartbeat.append_time, CLOCK_SLACK_MS),
  };
  const expected = everywhere.last_seq - everywhere.first_seq + 1;
  const counts = (await countSpans(database, [near], options)).get(near);
  const whole = counts !== undefined && counts.numbers === expected && counts.ids === expected;
  const span = whole ? near : everywhere;
  const missing = whole ? [] : await missingInSpan(database, span, options);
  const letters =
    missing.length === 0 ? new Set<number>() : await deadLettersOfBoot(database, everywhere, options);
  const reused = whole ? [] : await reusedInSpan(database, span, options);
  const hashed = hashes
    ? await hashIntervals(
        database,
        span,
        intervals.map(({ heartbeat }) => heartbeat),
        options,
      )
    : null;
  gaps.push(...reusedNumbers(first, reused, gaps));
  for (const { heartbeat, from } of intervals) {
    const ofInterval = within(missing, from, heartbeat.heartbeat.to_seq);
    const verdict = judgeInterval({
      heartbeat: heartbeat.heartbeat,
      missing: ofInterval,
      hashMatches: hashed?.matches.get(heartbeat) ?? null,
    });
    if (verdict === "missing") {
      const { rest, taken } = split(ofInterval, letters);
      if (taken.length > 0) gaps.push(deadLettered(heartbeat, taken));
      if (taken.length === 0 || undeclared(rest, heartbeat.heartbeat.dropped) > 0) {
        gaps.push(lost(heartbeat, rest, missing));
      } else gaps.push(...dropsOf(heartbeat, rest));
    } else if (verdict === "altered") gaps.push(altered(heartbeat));
    if (verdict !== "missing") gaps.push(...dropsOf(heartbeat, ofInterval));
  }
  return { gaps, records: hashed?.records ?? counts?.records ?? 0 };
}

/** Which histories are chains without a break whose every number has one record. */
export async function completeHistories(
  database: Database,
  histories: readonly BootHistory[],
): Promise<Set<BootHistory>> {
  const spans = new Map<BootSpan, BootHistory>();
  for (const history of histories) {
    const [first] = history.heartbeats;
    const last = history.heartbeats.at(-1);
    if (first === undefined || last === undefined) continue;
    if (chain(history.heartbeats, history.before).gaps.length > 0) continue;
    spans.set(
      {
        tenant: first.tenant,
        producer: first.producer,
        boot: first.boot,
        first_seq: first.heartbeat.from_seq,
        last_seq: last.heartbeat.to_seq - 1,
        since: history.before === null ? undefined : shifted(history.before.append_time, -CLOCK_SLACK_MS),
        until: shifted(last.append_time, CLOCK_SLACK_MS),
      },
      history,
    );
  }
  const counts = await countSpans(database, [...spans.keys()]);
  const complete = new Set<BootHistory>();
  for (const [span, history] of spans) {
    const expected = span.last_seq - span.first_seq + 1;
    const found = counts.get(span);
    if (found?.numbers === expected && found.ids === expected) complete.add(history);
  }
  return complete;
}

/** What a boot that is over wrote behind its last heartbeat: nothing may be missing between its records. */
export async function examineTail(
  database: Database,
  boot: BootActivity,
  options?: QueryOptions,
): Promise<Examination> {
  const before = await heartbeatBefore(database, boot, boot.last_seq + 1, options);
  const tail: BootSpan = {
    tenant: boot.tenant,
    producer: boot.producer,
    boot: boot.boot,
    first_seq: before === null ? 0 : before.seq + 1,
    last_seq: boot.last_seq,
  };
  if (tail.first_seq > tail.last_seq) return { gaps: [], records: 0 };
  const missing = await missingInSpan(database, tail, options);
  const gaps = reusedNumbers(boot, await reusedInSpan(database, tail, options), []);
  if (missing.length > 0) {
    gaps.push({
      ...base(boot, "missing", boot.last_append_time),
      ...listed(missing),
      after: missing[0]?.after ?? before?.append_time ?? null,
      before: missing.at(-1)?.before ?? null,
      detail: `${countOf(missing)} records behind its last heartbeat are not stored`,
    });
  }
  return { gaps, records: tail.last_seq - tail.first_seq + 1 - countOf(missing) };
}

/** How the heartbeats follow each other; intervals that two histories claim can't be judged. */
function chain(
  heartbeats: readonly StoredHeartbeat[],
  first: StoredHeartbeat | null,
): { intervals: Interval[]; gaps: Gap[] } {
  const intervals: Interval[] = [];
  const gaps: Gap[] = [];
  let before = first;
  for (const heartbeat of heartbeats) {
    const verdict = judgeChain(heartbeat, before);
    if (verdict === "overlaps") gaps.push(twoHistories(heartbeat, before));
    else {
      if (verdict !== "continues") gaps.push(broken(heartbeat, before, verdict));
      const { from_seq } = heartbeat.heartbeat;
      if (verdict !== "numbers_differ") {
        // What came before a first heartbeat that is none is looked for from the boot's beginning on.
        intervals.push({ heartbeat, from: before === null ? 0 : Math.min(from_seq, before.seq) });
      }
    }
    before = heartbeat;
  }
  return { intervals, gaps };
}

const CHAIN_WORDS: Readonly<Record<Exclude<ChainVerdict, "continues" | "overlaps">, string>> = {
  heartbeat_missing: "the heartbeat before this one is not stored",
  previous_differs:
    "this heartbeat names another hash for the interval before it than the stored heartbeat does",
  numbers_differ: "this heartbeat's numbers contradict each other",
};

function broken(
  heartbeat: StoredHeartbeat,
  before: StoredHeartbeat | null,
  verdict: keyof typeof CHAIN_WORDS,
): Gap {
  const { from_seq, to_seq } = heartbeat.heartbeat;
  const from = verdict === "heartbeat_missing" ? (before === null ? 0 : before.seq) : from_seq;
  const to = verdict === "heartbeat_missing" ? from_seq : to_seq - 1;
  return {
    ...of(heartbeat, verdict === "heartbeat_missing" ? verdict : "chain_broken"),
    ...listed(from <= to ? [{ first_seq: from, last_seq: to }] : []),
    after: before?.append_time ?? null,
    detail: CHAIN_WORDS[verdict],
  };
}

function twoHistories(heartbeat: StoredHeartbeat, before: StoredHeartbeat | null): Gap {
  const { from_seq } = heartbeat.heartbeat;
  const to = Math.max(heartbeat.seq, before?.seq ?? 0);
  return {
    ...of(heartbeat, "boot_reused"),
    ...listed([{ first_seq: Math.min(from_seq, to), last_seq: to }]),
    after: before?.append_time ?? null,
    detail:
      "two heartbeats of this boot tell of the same numbers: it started again, or two hosts write under it",
  };
}

function reusedNumbers(
  boot: ProducerBoot,
  reused: readonly { seq: number; first: string; last: string }[],
  found: readonly Gap[],
): Gap[] {
  const [first] = reused;
  if (first === undefined) return [];
  // Begun again from its first number: that is no single number used twice.
  const kind: GapKind =
    first.seq === 0 || found.some((gap) => gap.kind === "boot_reused") ? "boot_reused" : "sequence_reused";
  return [
    {
      ...base(
        boot,
        kind,
        reused
          .map(({ last }) => last)
          .sort()
          .at(-1) ?? first.last,
      ),
      ...listed(reused.map(({ seq }) => ({ first_seq: seq, last_seq: seq }))),
      after: first.first,
      before: reused.at(-1)?.last ?? null,
      detail:
        kind === "boot_reused"
          ? "different records have the same numbers from the boot's beginning on"
          : "different records have the same number",
    },
  ];
}

function lost(heartbeat: StoredHeartbeat, ranges: readonly SeqRange[], all: readonly MissingNumbers[]): Gap {
  const { dropped } = heartbeat.heartbeat;
  const numbers = countOf(ranges);
  const silent = undeclared(ranges, dropped);
  const [first] = ranges;
  const last = ranges.at(-1);
  const around = (seq: number | undefined) =>
    all.find(({ first_seq, last_seq }) => seq !== undefined && first_seq <= seq && seq <= last_seq);
  return {
    ...of(heartbeat, "missing"),
    ...listed(ranges),
    after: around(first?.first_seq)?.after ?? null,
    before: around(last?.last_seq)?.before ?? heartbeat.append_time,
    declared: dropped,
    detail:
      silent === numbers
        ? `${numbers} records were sent and are not stored`
        : `${numbers} records are not stored, of which the producer declared ${numbers - silent} as dropped`,
  };
}

function deadLettered(heartbeat: StoredHeartbeat, ranges: readonly SeqRange[]): Gap {
  return {
    ...of(heartbeat, "dead_lettered"),
    ...listed(ranges),
    detail: `${countOf(ranges)} records were no valid ones when they were archived, and lie in the dead letters`,
  };
}

function altered(heartbeat: StoredHeartbeat): Gap {
  const { from_seq, to_seq, dropped } = heartbeat.heartbeat;
  return {
    ...of(heartbeat, "altered"),
    ...listed([{ first_seq: from_seq, last_seq: to_seq - 1 }]),
    declared: dropped,
    detail: "what is stored of this interval is not what its producer hashed",
  };
}

function dropsOf(heartbeat: StoredHeartbeat, missing: readonly SeqRange[]): Gap[] {
  const { dropped } = heartbeat.heartbeat;
  const records = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  if (records === 0 && missing.length === 0) return [];
  return [
    {
      ...of(heartbeat, "dropped"),
      ...listed(missing),
      numbers: Math.max(records, countOf(missing)),
      declared: dropped,
      detail:
        records === 0
          ? "numbers that the producer gave to no record"
          : `the producer itself declared ${records} records as dropped`,
    },
  ];
}

function of(heartbeat: StoredHeartbeat, kind: GapKind): Gap {
  return {
    ...base(heartbeat, kind, heartbeat.append_time),
    before: heartbeat.append_time,
    record_id: heartbeat.id,
  };
}

function base({ tenant, producer, boot }: ProducerBoot, kind: GapKind, time: string): Gap {
  return {
    kind,
    tenant,
    producer,
    boot,
    ranges: [],
    more: false,
    numbers: 0,
    after: null,
    before: null,
    declared: {},
    record_id: null,
    time,
    detail: "",
  };
}

function listed(ranges: readonly SeqRange[]): Pick<Gap, "ranges" | "more" | "numbers"> {
  return {
    ranges: ranges.slice(0, MAX_RANGES).map(({ first_seq, last_seq }) => ({ first_seq, last_seq })),
    more: ranges.length > MAX_RANGES,
    numbers: countOf(ranges),
  };
}

/** A boot that said nothing more: silent, or followed by another boot of its producer. */
export function unspoken(boot: BootActivity, followed: boolean): Gap {
  return {
    ...base(boot, followed ? "no_goodbye" : "silent", boot.last_append_time),
    after: boot.last_append_time,
    detail: followed
      ? "this boot ended without a goodbye, and its producer has started again since"
      : "nothing more came from this boot, and it said no goodbye",
  };
}

function shifted(timestamp: string, ms: number): string {
  return new Date(Math.max(1, Date.parse(timestamp) + ms)).toISOString();
}
