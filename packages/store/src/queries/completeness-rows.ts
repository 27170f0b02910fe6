import { hash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { envelopeSchema, TOPICS } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import { isStorableTime } from "../rows/storable.ts";
import type { Row } from "../sql/row.ts";
import { integer, join, type Sql, sql, tenant, text, time, uuidValue, word } from "../sql/sql.ts";
import {
  type BootActivity,
  type BootSpan,
  type LogSpan,
  MAX_RANGES,
  type ProducerBoot,
  type SeqRange,
  type StoredHeartbeat,
} from "./completeness-types.ts";
import { ENVELOPE_SELECT, sentText } from "./records.ts";
import type { QueryOptions } from "./types.ts";

/** The store's answers about boots, numbers and heartbeats; each bounded in rows and time. */

/** A day of a busy store is grouped in some seconds; a longer range is asked for in parts. */
const RANGE_LIMITS = { seconds: 20, rows: 100_000 };
const LIMITS = { seconds: 10, rows: 10_000 };
export const MAX_HEARTBEATS = 500; // of one question
export const ENVELOPES_AT_ONCE = 500; // 4 ms to parse, so that nobody who shares the event loop waits for it
const REBUILT_AT_ONCE = 50; // 2 ms

const HEARTBEAT_COLUMNS = sql`toString(id) AS record_id, tenant, producer, toString(boot) AS boot_id, seq, time AS record_time,
  append_time, source_offset, detail`;

export async function heartbeatsInLog(
  database: Database,
  span: LogSpan,
  limit: number,
): Promise<StoredHeartbeat[]> {
  const rows = await database.select({
    columns: HEARTBEAT_COLUMNS,
    rest: sql`FROM records WHERE ${inLog(span)} AND type = 'heartbeat' ORDER BY source_offset LIMIT ${integer(limit)}`,
    limits: LIMITS,
  });
  return rows.flatMap(heartbeatRow);
}

/** A boot's heartbeats appended in [since, until), from a number on, in their order. */
export async function heartbeatsOfBoot(
  database: Database,
  boot: ProducerBoot,
  range: { since?: string | undefined; until?: string | undefined; fromSeq: number; limit: number },
  options?: QueryOptions,
): Promise<StoredHeartbeat[]> {
  const rows = await database.select(
    {
      columns: HEARTBEAT_COLUMNS,
      rest: sql`FROM records WHERE ${ofBoot(boot)} AND type = 'heartbeat' AND seq >= ${integer(range.fromSeq)}
        AND ${appended(range)} ORDER BY seq, append_time, source_offset LIMIT ${integer(range.limit)}`,
      limits: LIMITS,
    },
    options,
  );
  return rows.flatMap(heartbeatRow).filter(({ producer }) => producer === boot.producer);
}

/** The boot's heartbeat with the highest number below this one. */
export async function heartbeatBefore(
  database: Database,
  boot: ProducerBoot,
  seq: number,
  options?: QueryOptions,
): Promise<StoredHeartbeat | null> {
  const rows = await database.select(
    {
      columns: HEARTBEAT_COLUMNS,
      rest: sql`FROM records WHERE ${ofBoot(boot)} AND type = 'heartbeat' AND seq < ${integer(seq)}
        ORDER BY seq DESC, append_time, source_offset LIMIT 4`,
      limits: LIMITS,
    },
    options,
  );
  return rows.flatMap(heartbeatRow).find(({ producer }) => producer === boot.producer) ?? null;
}

const ACTIVITY = sql`tenant, producer, toString(boot) AS boot_id, count() AS records, min(seq) AS first_seq, max(seq) AS last_seq,
  min(append_time) AS first_append, max(append_time) AS last_append,
  argMax(if(type = 'heartbeat', JSONExtractBool(detail, 'heartbeat', 'goodbye'), false), seq) AS stopped,
  any(enforcement) AS the_enforcement`;

export async function activityInLog(database: Database, span: LogSpan): Promise<BootActivity[]> {
  const rows = await database.select({
    columns: ACTIVITY,
    rest: sql`FROM records WHERE ${inLog(span)} GROUP BY tenant, producer, boot_id LIMIT ${integer(RANGE_LIMITS.rows)}`,
    limits: RANGE_LIMITS,
  });
  return rows.map(activityRow);
}

/** All boots of every tenant that sent a heartbeat since then: their heartbeats only, of which there are few. */
export async function activitySince(database: Database, since: string): Promise<BootActivity[]> {
  const rows = await database.select({
    columns: ACTIVITY,
    rest: sql`FROM records WHERE append_time >= ${time(since)} AND type = 'heartbeat' GROUP BY tenant, producer, boot_id LIMIT ${integer(RANGE_LIMITS.rows)}`,
    limits: RANGE_LIMITS,
  });
  return rows.map(activityRow);
}

/** A tenant's boots that wrote in [since, until), behind `after` in the order of producer and boot. */
export async function activityOfTenant(
  database: Database,
  scope: { tenant: string; since: string; until: string; producer?: string | undefined },
  page: { after: { producer: string; boot: string } | null; limit: number },
  options?: QueryOptions,
): Promise<BootActivity[]> {
  const { after } = page;
  const behind =
    after === null
      ? sql`1`
      : sql`(producer > ${text(after.producer)} OR (producer = ${text(after.producer)} AND toString(boot) >= ${text(after.boot)}))`;
  const wanted = scope.producer === undefined ? sql`1` : sql`producer = ${text(scope.producer)}`;
  const rows = await database.select(
    {
      columns: ACTIVITY,
      rest: sql`FROM records WHERE tenant = ${tenant(scope.tenant)} AND ${appended(scope)} AND ${wanted} AND ${behind}
        GROUP BY tenant, producer, boot_id ORDER BY producer, boot_id LIMIT ${integer(page.limit)}`,
      limits: RANGE_LIMITS,
    },
    options,
  );
  return rows.map(activityRow);
}

/** The latest boot of each of these producers, by when it was last heard, and when that boot began. */
export async function latestBoots(
  database: Database,
  tenantId: string,
  producers: readonly string[],
  since: string,
  options?: QueryOptions,
): Promise<Map<string, { boot: string; first_append_time: string }>> {
  if (producers.length === 0) return new Map();
  const rows = await database.select(
    {
      columns: sql`producer, argMax(boot_id, first_append) AS latest, max(first_append) AS began`,
      rest: sql`FROM (SELECT producer, toString(boot) AS boot_id, min(append_time) AS first_append FROM records
          WHERE tenant = ${tenant(tenantId)} AND append_time >= ${time(since)}
            AND producer IN (${join(producers.map(text), ", ")}) GROUP BY producer, boot_id)
        GROUP BY producer LIMIT ${integer(LIMITS.rows)}`,
      limits: RANGE_LIMITS,
    },
    options,
  );
  return new Map(
    rows.map((row) => [
      row.string("producer"),
      { boot: row.string("latest"), first_append_time: row.string("began") },
    ]),
  );
}

export interface SeqCounts {
  records: number;
  /** Different numbers. */
  numbers: number;
  /** Different records. */
  ids: number;
}

/** How many records each span holds; spans of one boot must not overlap, and a boot occurs once. */
export async function countSpans(
  database: Database,
  spans: readonly BootSpan[],
  options?: QueryOptions,
): Promise<Map<BootSpan, SeqCounts>> {
  const found = new Map<BootSpan, SeqCounts>(spans.map((span) => [span, { records: 0, numbers: 0, ids: 0 }]));
  if (spans.length === 0) return found;
  const rows = await database.select(
    {
      columns: sql`tenant, producer, toString(boot) AS boot_id, count() AS records, groupBitmap(seq) AS numbers, uniqExact(id) AS ids`,
      rest: sql`FROM records WHERE boot IN (${join(
        spans.map(({ boot }) => uuidValue(boot)),
        ", ",
      )}) AND (${join(
        spans.map((span) => sql`(${inSpan(span)})`),
        " OR ",
      )}) GROUP BY tenant, producer, boot_id LIMIT ${integer(LIMITS.rows)}`,
      limits: LIMITS,
    },
    options,
  );
  const byBoot = new Map(spans.map((span) => [bootKey(span), span]));
  for (const row of rows) {
    const span = byBoot.get(bootKey(bootOf(row)));
    if (span === undefined) continue;
    found.set(span, {
      records: row.number("records"),
      numbers: row.number("numbers"),
      ids: row.number("ids"),
    });
  }
  return found;
}

export interface MissingNumbers extends SeqRange {
  after: string | null;
  before: string | null;
}

/** The numbers of the span that no record has, at most MAX_RANGES + 1 stretches, and between which appends they lie. */
export async function missingInSpan(
  database: Database,
  span: BootSpan,
  options?: QueryOptions,
): Promise<MissingNumbers[]> {
  const end = span.last_seq + 1;
  const present = sql`SELECT seq, min(append_time) AS at FROM records WHERE ${inSpan(span)} AND ${ofProducer(span)} GROUP BY seq`;
  const [edges, inner] = await Promise.all([
    database.select(
      {
        columns: sql`count() AS present, min(seq) AS lowest, min(append_time) AS lowest_at`,
        rest: sql`FROM records WHERE ${inSpan(span)} AND ${ofProducer(span)} LIMIT 1`,
        limits: LIMITS,
      },
      options,
    ),
    database.select(
      {
        columns: sql`seq, at, next_seq, next_at`,
        rest: sql`FROM (SELECT seq, at, leadInFrame(seq, 1, toUInt64(${integer(end)})) OVER w AS next_seq,
              leadInFrame(at, 1, toDateTime64(0, 3, 'UTC')) OVER w AS next_at FROM (${present})
            WINDOW w AS (ORDER BY seq ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING))
          WHERE next_seq > seq + 1 ORDER BY seq LIMIT ${integer(MAX_RANGES + 1)}`,
        limits: LIMITS,
      },
      options,
    ),
  ]);
  const [edge] = edges;
  if (edge === undefined || edge.number("present") === 0) {
    return [{ first_seq: span.first_seq, last_seq: span.last_seq, after: null, before: null }];
  }
  const lowest = edge.number("lowest");
  const head =
    lowest > span.first_seq
      ? [{ first_seq: span.first_seq, last_seq: lowest - 1, after: null, before: edge.string("lowest_at") }]
      : [];
  const gaps = inner.map((row) => ({
    first_seq: row.number("seq") + 1,
    last_seq: row.number("next_seq") - 1,
    after: row.string("at"),
    before: row.time("next_at"),
  }));
  return [...head, ...gaps];
}

const MAX_LETTERS = 1_000; // of one boot; whoever has more looks into the dead letters anyway

/** Numbers of the boot whose records the archiver could not use: those that still say whose they are. */
export async function deadLettersOfBoot(
  database: Database,
  { tenant: tenantId, boot }: ProducerBoot,
  options?: QueryOptions,
): Promise<Set<number>> {
  const member = (name: string) => sql`JSONExtractRaw(value, 'envelope', 'producer', ${word(name)})`;
  const rows = await database.select(
    {
      columns: sql`toUInt64OrZero(${member("seq")}) AS letter_seq`,
      rest: sql`FROM dead_letter_bytes WHERE id IN (SELECT id FROM dead_letters
          WHERE tenant = ${tenant(tenantId)} AND topic = ${word(TOPICS.events)})
        AND ${member("boot")} = concat('"', toString(${uuidValue(boot)}), '"') LIMIT ${integer(MAX_LETTERS)}`,
      limits: LIMITS,
    },
    options,
  );
  return new Set(rows.map((row) => row.number("letter_seq")));
}

/** Numbers of the span that more than one record has, at most MAX_RANGES + 1 of them. */
export async function reusedInSpan(
  database: Database,
  span: BootSpan,
  options?: QueryOptions,
): Promise<{ seq: number; first: string; last: string }[]> {
  const rows = await database.select(
    {
      columns: sql`seq, min(append_time) AS first_at, max(append_time) AS last_at`,
      rest: sql`FROM records WHERE ${inSpan(span)} AND ${ofProducer(span)} GROUP BY seq HAVING uniqExact(id) > 1
        ORDER BY seq LIMIT ${integer(MAX_RANGES + 1)}`,
      limits: LIMITS,
    },
    options,
  );
  return rows.map((row) => ({
    seq: row.number("seq"),
    first: row.string("first_at"),
    last: row.string("last_at"),
  }));
}

export interface StoredDigest {
  seq: number;
  id: string;
  /** SHA-256 of the envelope as its producer made it, rebuilt from what is stored. */
  digest: string;
}

/** The span's records in order, at most ENVELOPES_AT_ONCE; `full` when there may be more. */
export async function digestsInSpan(
  database: Database,
  span: BootSpan,
  options?: QueryOptions,
): Promise<{ digests: StoredDigest[]; full: boolean }> {
  const rows = await database.select(
    {
      columns: ENVELOPE_SELECT,
      rest: sql`FROM records WHERE ${inSpan(span)} ORDER BY seq, append_time, source_offset LIMIT ${integer(ENVELOPES_AT_ONCE)}`,
      limits: LIMITS,
    },
    options,
  );
  const digests: StoredDigest[] = [];
  for (const [index, row] of rows.entries()) {
    if (index % REBUILT_AT_ONCE === REBUILT_AT_ONCE - 1) await nextTurn();
    if (row.string("c_producer") !== span.producer) continue;
    const digest = hash("sha256", sentText(row), "hex");
    digests.push({ seq: row.number("c_seq"), id: row.string("c_id"), digest });
  }
  return { digests, full: rows.length === ENVELOPES_AT_ONCE };
}

/** The lowest number in the span that a record has; null when none has one. */
export async function lowestSeq(
  database: Database,
  span: BootSpan,
  options?: QueryOptions,
): Promise<number | null> {
  if (span.first_seq > span.last_seq) return null;
  const [row] = await database.select(
    {
      columns: sql`count() AS records, min(seq) AS lowest`,
      rest: sql`FROM records WHERE ${inSpan(span)} LIMIT 1`,
      limits: LIMITS,
    },
    options,
  );
  return row === undefined || row.number("records") === 0 ? null : row.number("lowest");
}

/** When each of a tenant's boots was last heard since then, and whether that was a goodbye. */
export async function lastHeard(
  database: Database,
  tenantId: string,
  boots: readonly string[],
  since: string,
  options?: QueryOptions,
): Promise<BootActivity[]> {
  if (boots.length === 0) return [];
  const rows = await database.select(
    {
      columns: ACTIVITY,
      rest: sql`FROM records WHERE tenant = ${tenant(tenantId)} AND boot IN (${join(boots.map(uuidValue), ", ")})
        AND append_time >= ${time(since)} GROUP BY tenant, producer, boot_id LIMIT ${integer(LIMITS.rows)}`,
      limits: LIMITS,
    },
    options,
  );
  return rows.map(activityRow);
}

/** All boots of this boot's producer that were heard since then. */
export async function bootsOfProducer(
  database: Database,
  boot: ProducerBoot,
  since: string,
): Promise<BootActivity[]> {
  const rows = await database.select({
    columns: ACTIVITY,
    rest: sql`FROM records WHERE tenant = ${tenant(boot.tenant)} AND append_time >= ${time(since)} AND ${ofProducer(boot)}
      GROUP BY tenant, producer, boot_id LIMIT ${integer(LIMITS.rows)}`,
    limits: LIMITS,
  });
  return rows.map(activityRow);
}

/** The append time of the newest record of a stretch of time; null when there is none. */
export async function newestAppend(
  database: Database,
  since: string,
  options?: QueryOptions,
): Promise<string | null> {
  const [row] = await database.select(
    {
      columns: sql`max(append_time) AS newest`,
      rest: sql`FROM records WHERE append_time >= ${time(since)} LIMIT 1`,
      limits: LIMITS,
    },
    options,
  );
  return row?.time("newest") ?? null;
}

export function bootKey({ tenant: tenantId, producer, boot }: ProducerBoot): string {
  return `${tenantId}\n${producer}\n${boot}`;
}

function bootOf(row: Row): ProducerBoot {
  return { tenant: row.string("tenant"), producer: row.string("producer"), boot: row.string("boot_id") };
}

export function inLog({ generation, partition, from, to, since }: LogSpan): Sql {
  const notBefore = since !== null && isStorableTime(since) ? sql`append_time >= ${time(since)}` : sql`1`;
  return sql`generation = ${text(generation)} AND source_partition = ${integer(partition)}
    AND source_offset >= ${integer(from)} AND source_offset < ${integer(to)} AND ${notBefore}`;
}

/** The producer's name is compared where the rows arrive: a bound query waits for all others. */
function ofBoot({ tenant: tenantId, boot }: ProducerBoot): Sql {
  return sql`tenant = ${tenant(tenantId)} AND boot = ${uuidValue(boot)}`;
}

function ofProducer({ producer }: ProducerBoot): Sql {
  return sql`producer = ${text(producer)}`;
}

function inSpan(span: BootSpan): Sql {
  return sql`${ofBoot(span)} AND seq >= ${integer(span.first_seq)} AND seq <= ${integer(span.last_seq)} AND ${appended(span)}`;
}

function appended({ since, until }: { since?: string | undefined; until?: string | undefined }): Sql {
  const from = since === undefined ? sql`1` : sql`append_time >= ${time(since)}`;
  return until === undefined ? from : sql`${from} AND append_time < ${time(until)}`;
}

function activityRow(row: Row): BootActivity {
  return {
    ...bootOf(row),
    records: row.number("records"),
    first_seq: row.number("first_seq"),
    last_seq: row.number("last_seq"),
    first_append_time: row.string("first_append"),
    last_append_time: row.string("last_append"),
    stopped: row.boolean("stopped"),
    enforcement: row.text("the_enforcement"),
  };
}

const heartbeatShape = envelopeSchema.shape.heartbeat.unwrap();

/** Nothing for a row whose detail was changed into no heartbeat: its interval then shows as one without it. */
function heartbeatRow(row: Row): StoredHeartbeat[] {
  const parsed = heartbeatShape.safeParse(heartbeatIn(row.string("detail")));
  if (!parsed.success) return [];
  return [
    {
      ...bootOf(row),
      id: row.string("record_id"),
      seq: row.number("seq"),
      time: row.string("record_time"),
      append_time: row.string("append_time"),
      source_offset: row.number("source_offset"),
      heartbeat: parsed.data,
    },
  ];
}

function heartbeatIn(detail: string): unknown {
  try {
    const json: unknown = JSON.parse(detail);
    return typeof json === "object" && json !== null && "heartbeat" in json ? json.heartbeat : null;
  } catch {
    return null; // refused by the caller's schema
  }
}
