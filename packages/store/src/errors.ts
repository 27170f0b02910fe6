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
const REFUSED_ROWS = new Set([
  6, 26, 27, 33, 38, 41, 53, 69, 72, 117, 131, 252, 321, 376, 441, 452, 469, 691,
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
    `the store did not answer the query (${options.cause.message}): see its health, then try again`,
    { kind: "retriable", ...options },
  );
}

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
    `the store did not take a batch for ${table} (${options.cause.message}): it will be tried again`,
    { kind: "retriable", ...options },
  );
}

export function aborted(): TriplineError {
  return new TriplineError("TRIPLINE_STORE_ABORTED", "the query was ended before it was answered");
}

export function closed(): TriplineError {
  return new TriplineError("TRIPLINE_STORE_CLOSED", "the store is closed");
}
