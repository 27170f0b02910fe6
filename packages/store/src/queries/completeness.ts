import { TriplineError, UNNUMBERED_PRODUCERS } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import { isUuid } from "../sql/sql.ts";
import { examineHeartbeats, examineTail, unspoken } from "./completeness-examine.ts";
import {
  activityOfTenant,
  heartbeatsOfBoot,
  lastHeard,
  latestBoots,
  MAX_HEARTBEATS,
  newestAppend,
} from "./completeness-rows.ts";
import type { BootActivity, Gap, GapsPage, GapsQuestion, StoredHeartbeat } from "./completeness-types.ts";
import type { QueryOptions, ReaderScope } from "./types.ts";

const BOOTS_PER_PAGE = 20;
/** Of one page: some 40 µs each when they are hashed, so that a page takes about a second. */
const RECORDS_PER_PAGE = 20_000;
const MAX_RANGE_MS = 31 * 24 * 3600 * 1000;
/** Three heartbeats did not come, while others in the log went on. */
export const SILENT_AFTER_MS = 30_000;
/** When nobody speaks any more there is only the asker's clock to go by, which may be off by some seconds from the log's. */
const ALL_SILENT_AFTER_MS = 120_000;

interface Place {
  producer: string;
  boot: string;
  seq: number;
}

/** One page of what a tenant's producers sent in [since, until) and the store lacks, boot by boot. */
export async function gaps(
  database: Database,
  scope: ReaderScope,
  question: GapsQuestion,
  options: QueryOptions = {},
): Promise<GapsPage> {
  const { since, until, producer, hashes } = question;
  checkRange(question);
  const start = question.cursor === undefined ? null : decodePlace(question.cursor);
  const boots = await activityOfTenant(
    database,
    { tenant: scope.tenant, since, until, producer },
    { after: start, limit: BOOTS_PER_PAGE + 1 },
    options,
  );
  const page = boots
    .slice(0, BOOTS_PER_PAGE)
    .filter(({ producer }) => !UNNUMBERED_PRODUCERS.includes(producer));
  const ended = await endedBoots(database, scope.tenant, page, question, options);
  const answer: GapsPage = { gaps: [], boots: 0, records: 0, next: null };
  for (const boot of page) {
    let fromSeq =
      start !== null && boot.boot === start.boot && boot.producer === start.producer ? start.seq : 0;
    for (;;) {
      if (answer.records >= RECORDS_PER_PAGE) {
        return { ...answer, next: encodePlace({ producer: boot.producer, boot: boot.boot, seq: fromSeq }) };
      }
      const heartbeats = await heartbeatsOfBoot(
        database,
        boot,
        { since, until, fromSeq, limit: MAX_HEARTBEATS },
        options,
      );
      const some = affordable(heartbeats, RECORDS_PER_PAGE - answer.records);
      const found = await examineHeartbeats(database, some, { hashes }, options);
      answer.gaps.push(...found.gaps);
      answer.records += found.records;
      if (some.length === heartbeats.length && heartbeats.length < MAX_HEARTBEATS) break;
      fromSeq = (some.at(-1)?.seq ?? fromSeq) + 1;
    }
    const end = ended.get(boot.boot);
    if (end !== undefined) {
      const tail = await examineTail(database, end.last, options);
      answer.gaps.push(...tail.gaps, ...(end.gap === null ? [] : [end.gap]));
      answer.records += tail.records;
    }
    answer.boots += 1;
  }
  const further = boots[BOOTS_PER_PAGE];
  return further === undefined
    ? answer
    : { ...answer, next: encodePlace({ producer: further.producer, boot: further.boot, seq: 0 }) };
}

/** Boots of the page that are over: with a goodbye, or because nothing more came. */
async function endedBoots(
  database: Database,
  tenant: string,
  page: readonly BootActivity[],
  { since, nowMs }: GapsQuestion,
  options: QueryOptions,
): Promise<Map<string, { last: BootActivity; gap: Gap | null }>> {
  const heard = await lastHeard(
    database,
    tenant,
    page.map(({ boot }) => boot),
    since,
    options,
  );
  const newest = await newestAppend(database, since, options);
  const unspokenBoots = heard.filter(({ stopped }) => !stopped);
  const producers = [...new Set(unspokenBoots.map(({ producer }) => producer))];
  const latest = await latestBoots(database, tenant, producers, since, options);
  const ended = new Map<string, { last: BootActivity; gap: Gap | null }>();
  for (const boot of heard) {
    const lastMs = Date.parse(boot.last_append_time);
    const silent =
      (newest !== null && Date.parse(newest) - lastMs > SILENT_AFTER_MS) ||
      nowMs - lastMs > ALL_SILENT_AFTER_MS;
    const later = latest.get(boot.producer);
    const followed =
      later !== undefined && later.boot !== boot.boot && later.first_append_time > boot.last_append_time;
    if (boot.stopped) ended.set(boot.boot, { last: boot, gap: null });
    else if (silent || followed) ended.set(boot.boot, { last: boot, gap: unspoken(boot, followed) });
  }
  return ended;
}

/** As many heartbeats as the budget allows by their own numbers, and at least one. */
function affordable(heartbeats: readonly StoredHeartbeat[], budget: number): StoredHeartbeat[] {
  const some: StoredHeartbeat[] = [];
  let records = 0;
  for (const heartbeat of heartbeats) {
    records += heartbeat.heartbeat.to_seq - heartbeat.heartbeat.from_seq;
    if (some.length > 0 && records > budget) break;
    some.push(heartbeat);
  }
  return some;
}

function checkRange({ since, until }: GapsQuestion): void {
  const length = Date.parse(until) - Date.parse(since);
  if (length > 0 && length <= MAX_RANGE_MS) return;
  throw new TriplineError(
    "TRIPLINE_STORE_FILTER_INVALID",
    "the filter is invalid: the range must be longer than nothing and at most 31 days",
  );
}

function encodePlace({ producer, boot, seq }: Place): string {
  return Buffer.from(JSON.stringify([producer, boot, seq])).toString("base64url");
}

function decodePlace(cursor: string): Place {
  const parts = parse(cursor);
  if (Array.isArray(parts)) {
    const [producer, boot, seq]: unknown[] = parts;
    if (
      typeof producer === "string" &&
      typeof boot === "string" &&
      isUuid(boot) &&
      typeof seq === "number" &&
      Number.isSafeInteger(seq) &&
      seq >= 0
    ) {
      return { producer, boot, seq };
    }
  }
  throw new TriplineError(
    "TRIPLINE_STORE_CURSOR_INVALID",
    "the cursor is not one of this question's: start again from its first page",
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    return null; // refused by the caller, which says what to do
  }
}
