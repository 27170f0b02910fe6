import { TriplineError } from "@tripline/events";

/**
 * What went wrong in the database, as a closed list. The engine's own messages are never passed on: they quote rows
 * and SQL. Its number and name are.
 */

const TOO_BROAD = new Map([
  [158, "too many rows to read"],
  [191, "too many matches"],
  [241, "out of the query's memory"],
  [307, "too many bytes to read"],
  [396, "too many result rows"],
]);
const TIMEOUT = new Set([159, 160, 209]);
const CANCELLED = new Set([394, 236]);
/** Codes of rows that can't be parsed or don't fit: the same rows will never go in. */
const REFUSED_ROWS = new Set([6, 26, 27, 33, 38, 41, 53, 69, 72, 117, 131, 321, 376, 441, 452, 469, 691]);
/** What an operator can mend while the archiver waits, in words. Whatever is not listed here is waited for too. */
const MENDABLE = new Map([
  [16, "the table lacks a column: the schema is of another version, run the migrations of this one"],
  [47, "the table lacks a column: the schema is of another version, run the migrations of this one"],
  [60, "the table is missing: run the migrations of this version"],
  [81, "the database is missing"],
  [159, "it took too long"],
  [160, "it would take too long"],
  [164, "it is read-only"],
  [192, "it does not know the user"],
  [193, "it refuses the password"],
  [202, "it has too many queries at once"],
  [209, "it took too long"],
  [241, "it is out of memory"],
  [242, "the table is read-only"],
  [243, "its disk is full"],
  [252, "the table has too many parts, its merges are behind"],
  [497, "the user lacks a grant"],
  [516, "it refuses the user or the password"],
  [774, "the table is read-only"],
]);

interface EngineError {
  code: number;
  type: string;
}

/** The engine's number and name of an error, or null when the error is not the engine's (a socket, a closed client). */
export function engineError(error: unknown): EngineError | null {
  if (!(error instanceof Error)) return null;
  const code = "code" in error ? Number(error.code) : Number.NaN;
  const clickhouseCode = "clickhouseCode" in error ? Number(error.clickhouseCode) : Number.NaN;
  const inMessage = /^Code: (\d+)\./.exec(error.message)?.[1];
  const number = [code, clickhouseCode, Number(inMessage)].find((value) => Number.isSafeInteger(value));
  if (number === undefined) return /was cancelled/.test(error.message) ? { code: 394, type: "" } : null;
  const type = "type" in error && typeof error.type === "string" ? error.type : "";
  return { code: number, type: /^[A-Z_]{1,64}$/.test(type) ? type : "" };
}

function cause(engine: EngineError | null, error: unknown): Error {
  if (engine !== null) return new Error(`ClickHouse error ${engine.code} ${engine.type}`.trim());
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return new Error(`database connection: ${/^[A-Z_0-9]{1,40}$/.test(code) ? code : "unknown error"}`);
}

const ACCESS_DENIED = 497;

/** Whether one of the errors below came of a grant that the user lacks. */
export function isDenied(error: unknown): boolean {
  const said = error instanceof TriplineError && error.cause instanceof Error ? error.cause.message : "";
  return said.startsWith(`ClickHouse error ${ACCESS_DENIED}`);
}

/** What a failed query means for the one who asked. */
export function queryError(error: unknown): TriplineError {
  if (error instanceof TriplineError) return error;
  const engine = engineError(error);
  const options = { cause: cause(engine, error) };
  const broad = engine === null ? undefined : TOO_BROAD.get(engine.code);
  if (broad !== undefined) {
    return new TriplineError(
      "TRIPLINE_STORE_QUERY_TOO_BROAD",
      `the question is too broad (${broad}): narrow the time range or add a filter`,
      options,
    );
  }
  if (engine !== null && TIMEOUT.has(engine.code)) {
    return new TriplineError(
      "TRIPLINE_STORE_QUERY_TIMEOUT",
      "the question took too long: narrow the time range or add a filter",
      options,
    );
  }
  if (engine !== null && CANCELLED.has(engine.code)) return aborted();
  return new TriplineError(
    "TRIPLINE_STORE_UNAVAILABLE",
    `the store did not answer the query (${reason(engine, options.cause)}): see its health, then try again`,
    { kind: "retriable", ...options },
  );
}

/** "its disk is full (ClickHouse error 243 …)", or only what is in the brackets. */
function reason(engine: EngineError | null, cause: Error): string {
  const words = engine === null ? undefined : MENDABLE.get(engine.code);
  return words === undefined ? cause.message : `${words}; ${cause.message}`;
}

/**
 * What a failed query means for the archiver, which waits and asks again where a person would ask something else: the
 * same question is answered when the store has the memory or the time for it.
 */
export function writerError(error: unknown): unknown {
  if (!(error instanceof TriplineError) || !ASK_AGAIN.has(error.code)) return error;
  return new TriplineError("TRIPLINE_STORE_UNAVAILABLE", `${error.message}; the archiver asks again`, {
    kind: "retriable",
    cause: error,
  });
}
const ASK_AGAIN = new Set([
  "TRIPLINE_STORE_QUERY_TOO_BROAD",
  "TRIPLINE_STORE_QUERY_TIMEOUT",
  "TRIPLINE_STORE_ABORTED",
]);

/** What a failed insert means for the archiver. */
export function insertError(error: unknown, table: string): TriplineError {
  if (error instanceof TriplineError) return error;
  const engine = engineError(error);
  const options = { cause: cause(engine, error) };
  if (engine !== null && REFUSED_ROWS.has(engine.code)) {
    return new TriplineError(
      "TRIPLINE_STORE_INSERT_REFUSED",
      `the table ${table} refuses these rows (${options.cause.message}): the schema and the rows differ, run the migrations of this version`,
      options,
    );
  }
  return new TriplineError(
    "TRIPLINE_STORE_UNAVAILABLE",
    `the store did not take a batch for ${table} (${reason(engine, options.cause)}): it will be tried again`,
    { kind: "retriable", ...options },
  );
}

export function aborted(): TriplineError {
  return new TriplineError("TRIPLINE_STORE_ABORTED", "the query was ended before it was answered");
}

export function closed(): TriplineError {
  return new TriplineError("TRIPLINE_STORE_CLOSED", "the store is closed");
}
