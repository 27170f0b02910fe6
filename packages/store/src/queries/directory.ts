import type { Database } from "../connection/database.ts";
import type { Row } from "../sql/row.ts";
import { integer, join, type Sql, sql, tenant, text } from "../sql/sql.ts";
import { LOOKUP_LIMITS } from "./limits.ts";
import { MAX_PAGE_ROWS, MAX_PRINCIPALS, type Person, type QueryOptions, type ReaderScope } from "./types.ts";

const MAX_NAMES_SHOWN = 20; // latest first; a person has a few names and addresses

const PERSON = sql`subject_id, groupArray(${integer(MAX_NAMES_SHOWN)})(name) AS names`;

/** Who may be meant by a name, an address, a part of one, or a subject id. */
export async function findPrincipals(
  database: Database,
  scope: ReaderScope,
  wanted: string,
  options: QueryOptions = {},
): Promise<Person[]> {
  const term = wanted.trim();
  if (term === "") return [];
  const matching = sql`SELECT subject_id FROM directory WHERE tenant = ${tenant(scope.tenant)}
    AND (subject_id = ${text(term)} OR positionCaseInsensitiveUTF8(name, ${text(term)}) > 0)`;
  const people = await select(database, scope, sql`subject_id IN (${matching})`, MAX_PRINCIPALS, options);
  // A subject can act without ever having been named.
  return people.length === 0 && /^sub_[0-9a-f]{32}$/.test(term) ? [{ subject_id: term, names: [] }] : people;
}

export async function names(
  database: Database,
  scope: ReaderScope,
  subjectIds: readonly string[],
  options: QueryOptions = {},
): Promise<Map<string, string[]>> {
  const some = [...new Set(subjectIds)].slice(0, MAX_PAGE_ROWS);
  if (some.length === 0) return new Map();
  const condition = sql`subject_id IN (${join(some.map(text), ", ")})`;
  const people = await select(database, scope, condition, MAX_PAGE_ROWS, options);
  return new Map(people.map((person) => [person.subject_id, person.names]));
}

async function select(
  database: Database,
  scope: ReaderScope,
  condition: Sql,
  limit: number,
  options: QueryOptions,
): Promise<Person[]> {
  const rows = await database.select(
    {
      columns: PERSON,
      rest: sql`FROM (
          SELECT subject_id, name, max(last_seen) AS seen FROM directory
          WHERE tenant = ${tenant(scope.tenant)} AND ${condition}
          GROUP BY subject_id, name ORDER BY seen DESC
        ) GROUP BY subject_id ORDER BY max(seen) DESC, subject_id LIMIT ${integer(limit)}`,
      limits: LOOKUP_LIMITS,
    },
    options,
  );
  return rows.map((row: Row) => ({ subject_id: row.string("subject_id"), names: row.strings("names") }));
}
