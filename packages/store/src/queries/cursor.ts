import { TriplineError } from "@tripline/events";
import { isStorableTime } from "../rows/storable.ts";
import { integer, isUuid, type Sql, sql, time } from "../sql/sql.ts";
import { DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS, type Page, type PageRequest } from "./types.ts";

/**
 * Pages by position, not by number: a page starts where the last one ended, however many rows came since.
 * The position is (time, seq, id); seq tells apart what one producer did within a millisecond.
 */
export interface Position {
  time: string;
  seq: number;
  id: string;
}

interface Cursor extends Position {
  towards: "next" | "previous";
}

export interface PagePlan {
  limit: number;
  /** Whether rows are fetched from old to new. */
  ascending: boolean;
  cursor: Cursor | null;
}

export function planPage(page: PageRequest, defaultOrder: "newest" | "oldest"): PagePlan {
  const limit = page.limit ?? DEFAULT_PAGE_ROWS;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_ROWS) {
    throw new TriplineError(
      "TRIPLINE_STORE_FILTER_INVALID",
      `the filter is invalid: limit must be 1 to ${MAX_PAGE_ROWS}`,
    );
  }
  const cursor = page.cursor === undefined ? null : decodeCursor(page.cursor);
  const forward = (page.order ?? defaultOrder) === "oldest";
  return { limit, cursor, ascending: cursor?.towards === "previous" ? !forward : forward };
}

/** Which columns the position is made of. */
export interface PositionColumns {
  time: Sql;
  seq: Sql;
  id: Sql;
}

/** The condition that starts the page; the first comparison is what the table's order can use. */
export function afterCursor(plan: PagePlan, columns: PositionColumns, idValue: (id: string) => Sql): Sql {
  if (plan.cursor === null) return sql`1`;
  const at = time(plan.cursor.time);
  const seq = integer(plan.cursor.seq);
  const id = idValue(plan.cursor.id);
  return plan.ascending
    ? sql`${columns.time} >= ${at} AND (${columns.time} > ${at} OR ${columns.seq} > ${seq} OR (${columns.seq} = ${seq} AND ${columns.id} > ${id}))`
    : sql`${columns.time} <= ${at} AND (${columns.time} < ${at} OR ${columns.seq} < ${seq} OR (${columns.seq} = ${seq} AND ${columns.id} < ${id}))`;
}

/** ORDER BY and LIMIT; one row more than asked tells whether there is a further page. */
export function orderAndLimit(plan: PagePlan, columns: PositionColumns): Sql {
  const direction = plan.ascending ? sql`ASC` : sql`DESC`;
  return sql`ORDER BY ${columns.time} ${direction}, ${columns.seq} ${direction}, ${columns.id} ${direction} LIMIT ${integer(plan.limit + 1)}`;
}

/** @param fetched as the database gave them, at most `limit + 1` */
export function toPage<Row>(plan: PagePlan, fetched: Row[], positionOf: (row: Row) => Position): Page<Row> {
  const hasMore = fetched.length > plan.limit;
  const rows = fetched.slice(0, plan.limit);
  const backwards = plan.cursor?.towards === "previous";
  if (backwards) rows.reverse();
  const first = rows[0];
  const last = rows.at(-1);
  const next = backwards || hasMore;
  const previous = backwards ? hasMore : plan.cursor !== null;
  return {
    rows,
    next: next && last !== undefined ? encodeCursor({ ...positionOf(last), towards: "next" }) : null,
    previous:
      previous && first !== undefined ? encodeCursor({ ...positionOf(first), towards: "previous" }) : null,
  };
}

export function encodeCursor({ towards, time, seq, id }: Cursor): string {
  return Buffer.from(JSON.stringify([towards, time, seq, id])).toString("base64url");
}

function decodeCursor(text: string): Cursor {
  const parts = parse(text);
  if (Array.isArray(parts)) {
    const [towards, at, seq, id]: unknown[] = parts;
    if (
      (towards === "next" || towards === "previous") &&
      isStorableTime(at) &&
      typeof seq === "number" &&
      Number.isSafeInteger(seq) &&
      seq >= 0 &&
      typeof id === "string" &&
      (isUuid(id) || /^[0-9a-f]{64}$/.test(id) || id.length <= 256)
    ) {
      return { towards, time: at, seq, id };
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
