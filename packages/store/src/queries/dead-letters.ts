import { DEAD_LETTER_DECISIONS, sha256Hex, TriplineError } from "@tripline/events";
import { z } from "zod";
import type { Database } from "../connection/database.ts";
import { DEAD_LETTER_BYTES_DAYS } from "../schema/migrations/0004-dead-letters.ts";
import type { Row } from "../sql/row.ts";
import { integer, join, type Sql, sql, tenant, text, word } from "../sql/sql.ts";
import { afterCursor, orderAndLimit, planPage, toPage } from "./cursor.ts";
import type {
  DeadLetterBytes,
  DeadLetterFilter,
  DeadLetterReader,
  DeadLetterRow,
  DeadLetterScope,
  DeadLetterState,
} from "./dead-letter-types.ts";
import { LOOKUP_LIMITS, PAGE_LIMITS } from "./limits.ts";
import { timeRange } from "./search-calls.ts";
import type { QueryOptions } from "./types.ts";

const MAX_RELATED = 100;
const MAX_COUNTS = 1_000;
const ORDERED_LIMITS = { seconds: 20, rows: 10_000 };
const STATES: readonly DeadLetterState[] = ["open", ...DEAD_LETTER_DECISIONS];

const COLUMNS = sql`id, tenant, step, reason, generation, topic, letter_partition, letter_offset, key, has_key,
  is_tombstone, is_cut, value_bytes, replay_of, time, current_state, decided_by, decided_at, decision_reason, to_partition, to_offset`;

/** The first copy of each letter, with the last decision about it. */
const LETTERS = sql`(
  SELECT l.id AS id, l.tenant AS tenant, l.step AS step, l.reason AS reason, l.generation AS generation, l.topic AS topic,
    l.letter_partition AS letter_partition, l.letter_offset AS letter_offset, l.key AS key, l.has_key AS has_key,
    l.is_tombstone AS is_tombstone, l.is_cut AS is_cut, l.value_bytes AS value_bytes, l.replay_of AS replay_of,
    l.append_time AS time, if(empty(d.last_state), 'open', d.last_state) AS current_state, d.by AS decided_by,
    d.at AS decided_at, d.why AS decision_reason, d.to_p AS to_partition, d.to_o AS to_offset
  FROM dead_letters AS l FINAL
  LEFT JOIN (
    SELECT id, argMax(state, (append_time, source_offset)) AS last_state, argMax(decided_by, (append_time, source_offset)) AS by,
      argMax(dead_letter_decisions.decided_at, (append_time, source_offset)) AS at,
      argMax(dead_letter_decisions.decision_reason, (append_time, source_offset)) AS why,
      argMax(tuple(dead_letter_decisions.to_partition), (append_time, source_offset)).1 AS to_p,
      argMax(tuple(dead_letter_decisions.to_offset), (append_time, source_offset)).1 AS to_o
    FROM dead_letter_decisions GROUP BY id
  ) AS d ON d.id = l.id
)`;
const POSITION = { time: sql`time`, seq: sql`toUInt8(0)`, id: sql`id` };
const ORDER = sql`generation, topic, letter_partition, letter_offset, step`;

export function createDeadLetterReader(database: Database): DeadLetterReader {
  return {
    async list(scope, filter = {}, page = {}, options = {}) {
      const plan = planPage(page, "newest");
      const rows = await database.select(
        {
          columns: COLUMNS,
          rest: sql`FROM ${LETTERS} WHERE ${where(scope, filter)} AND (${afterCursor(plan, POSITION, idLiteral)}) ${orderAndLimit(plan, POSITION)}`,
          limits: PAGE_LIMITS,
        },
        options,
      );
      return toPage(plan, rows.map(letterRow), ({ time, id }) => ({ time, seq: 0, id }));
    },

    async one(scope, id, options = {}) {
      if (!sha256Hex.safeParse(id).success) return null;
      const [found] = await database.select(
        {
          columns: COLUMNS,
          rest: sql`FROM ${LETTERS} WHERE ${where(scope, {})} AND id = ${idLiteral(id)} LIMIT 1`,
          limits: LOOKUP_LIMITS,
        },
        options,
      );
      return found === undefined ? null : letterRow(found);
    },

    bytes: async (id, options) => (await bytesOf(database, [id], options)).get(id) ?? null,
    bytesOf: (ids, options) => bytesOf(database, ids, options),

    async related(letter, scope, options = {}) {
      const sameRecord = sql`generation = ${text(letter.generation)} AND topic = ${text(letter.topic)}
        AND letter_partition = ${integer(letter.partition)} AND letter_offset = ${integer(letter.offset)}`;
      const rows = await database.select(
        {
          columns: COLUMNS,
          rest: sql`FROM ${LETTERS} WHERE ${where(scope, {})} AND id != ${idLiteral(letter.id)}
            AND ((${sameRecord}) OR replay_of = ${idLiteral(letter.id)}) ORDER BY time LIMIT ${integer(MAX_RELATED)}`,
          limits: LOOKUP_LIMITS,
        },
        options,
      );
      return rows.map(letterRow);
    },

    async count(scope, filter = {}, options = {}) {
      const rows = await database.select(
        {
          columns: sql`step, reason, count() AS letters`,
          rest: sql`FROM ${LETTERS} WHERE ${where(scope, filter)} GROUP BY step, reason ORDER BY letters DESC, step, reason LIMIT ${integer(MAX_COUNTS)}`,
          limits: { ...PAGE_LIMITS, rows: MAX_COUNTS },
        },
        options,
      );
      return rows.map((row) => ({
        step: row.string("step"),
        reason: row.string("reason"),
        letters: row.number("letters"),
      }));
    },

    async inOrder(scope, filter, { after, limit }, options = {}) {
      const behind =
        after === null
          ? sql`1`
          : sql`(${ORDER}) > (${text(after.generation)}, ${text(after.topic)}, ${integer(after.partition)}, ${integer(after.offset)}, ${text(after.step)})`;
      const rows = await database.select(
        {
          columns: COLUMNS,
          rest: sql`FROM ${LETTERS} WHERE ${where(scope, filter)} AND ${behind} ORDER BY ${ORDER} LIMIT ${integer(Math.min(limit, ORDERED_LIMITS.rows))}`,
          limits: ORDERED_LIMITS,
        },
        options,
      );
      return rows.map(letterRow);
    },

    async open(options = {}) {
      const [row] = await database.select(
        {
          columns: sql`count() AS letters, min(time) AS oldest`,
          rest: sql`FROM ${LETTERS} WHERE current_state = 'open' LIMIT 1`,
          limits: LOOKUP_LIMITS,
        },
        options,
      );
      const open = row?.number("letters") ?? 0;
      return { open, oldest: open === 0 ? null : (row?.time("oldest") ?? null) };
    },
  };
}

async function bytesOf(
  database: Database,
  ids: readonly string[],
  options: QueryOptions = {},
): Promise<Map<string, DeadLetterBytes>> {
  if (ids.length === 0) return new Map();
  const wanted = join(ids.map(idLiteral), ", ");
  const rows = await database.select(
    {
      columns: sql`id, headers, base64Encode(value) AS encoded, id IN (SELECT id FROM dead_letters WHERE id IN (${wanted}) AND is_tombstone) AS tombstone`,
      // What is past its retention is gone for readers too, whenever the table's merges drop it.
      rest: sql`FROM dead_letter_bytes FINAL WHERE id IN (${wanted}) AND append_time > now64(3) - INTERVAL ${integer(DEAD_LETTER_BYTES_DAYS)} DAY
        LIMIT ${integer(LOOKUP_LIMITS.rows)}`,
      limits: LOOKUP_LIMITS,
    },
    options,
  );
  return new Map(
    rows.map((row) => [
      row.string("id"),
      {
        headers: z.record(z.string(), z.string()).parse(JSON.parse(row.string("headers"))),
        value: row.boolean("tombstone") ? null : Buffer.from(row.string("encoded"), "base64"),
      },
    ]),
  );
}

function where({ tenants }: DeadLetterScope, filter: DeadLetterFilter): Sql {
  const conditions: Sql[] = [sql`1`, ...timeRange(filter)];
  if (tenants !== null) {
    const known = tenants.map((id) => (id === "" ? sql`''` : tenant(id)));
    conditions.push(known.length === 0 ? sql`0` : sql`tenant IN (${join(known, ", ")})`);
  }
  if (filter.topic !== undefined) conditions.push(sql`topic = ${text(filter.topic)}`);
  if (filter.step !== undefined) conditions.push(sql`step = ${text(filter.step)}`);
  if (filter.reason !== undefined) conditions.push(sql`reason = ${text(filter.reason)}`);
  if (filter.state !== undefined) conditions.push(sql`current_state = ${word(filter.state)}`);
  return join(conditions, " AND ");
}

/** Ids of letters have a checked shape, and need not be bound. */
function idLiteral(id: string): Sql {
  if (sha256Hex.safeParse(id).success) return word(id);
  throw new TriplineError(
    "TRIPLINE_STORE_FILTER_INVALID",
    "the filter is invalid: a dead letter's id has 64 hex digits",
  );
}

function letterRow(row: Row): DeadLetterRow {
  const state = STATES.find((known) => known === row.string("current_state"));
  if (state === undefined) {
    throw new TriplineError(
      "TRIPLINE_STORE_ROW_UNEXPECTED",
      "a decision about a dead letter is not one of this version's: a later version wrote it, start that one",
    );
  }
  const partition = row.nullableNumber("to_partition");
  const offset = row.nullableNumber("to_offset");
  return {
    id: row.string("id"),
    tenant: row.text("tenant"),
    step: row.string("step"),
    reason: row.string("reason"),
    generation: row.string("generation"),
    topic: row.string("topic"),
    partition: row.number("letter_partition"),
    offset: row.number("letter_offset"),
    key: row.boolean("has_key") ? row.string("key") : null,
    bytes: row.number("value_bytes"),
    tombstone: row.boolean("is_tombstone"),
    cut: row.boolean("is_cut"),
    time: row.string("time"),
    state,
    decided_by: row.text("decided_by"),
    decided_at: state === "open" ? null : row.time("decided_at"),
    decision_reason: row.text("decision_reason"),
    replayed_to: partition === null || offset === null ? null : { partition, offset },
    replay_of: row.text("replay_of"),
  };
}
