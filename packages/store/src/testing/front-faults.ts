/** What the front is told to do wrong, in ClickHouse's own words, so that its client reads it as it would read a server. */
export interface FrontFault {
  /** A regular expression that the statement must match. */
  statement: string;
  /** How often; default: until the faults are replaced. */
  times?: number;
  kind:
    | "exception"
    /** The socket is cut when this much of the request's body was read; nothing is run. */
    | "cut_request"
    /** The statement is run, and the socket is cut before a byte of the answer. */
    | "cut_answer"
    /** The statement is run, and nobody answers. */
    | "no_answer"
    /** The process that holds the engine is killed (SIGKILL) while the statement runs. */
    | "die";
  /** Only `exception`: one of EXCEPTIONS. */
  code?: number;
  /** `cut_request`: bytes; `die`: ms after the statement began. Default 0. */
  after?: number;
}

interface Exception {
  type: string;
  /** As `HTTPHandler::exceptionCodeToHTTPStatus` has it. */
  status: number;
  message: string;
}

/** Errors as a server words them. */
export const EXCEPTIONS: Readonly<Record<number, Exception>> = {
  16: {
    type: "NO_SUCH_COLUMN_IN_TABLE",
    status: 500,
    message: "No such column salt_hex in table default.payloads (4b1c7a5e-0000-4000-8000-000000000000)",
  },
  60: {
    type: "UNKNOWN_TABLE",
    status: 404,
    message: "Table default.records does not exist. Maybe you meant system.errors?",
  },
  81: { type: "UNKNOWN_DATABASE", status: 404, message: "Database tripline does not exist" },
  159: {
    type: "TIMEOUT_EXCEEDED",
    status: 408,
    message: "Timeout exceeded: elapsed 50001.2 ms, maximum: 50000 ms",
  },
  164: { type: "READONLY", status: 500, message: "default: Cannot execute query in readonly mode." },
  202: {
    type: "TOO_MANY_SIMULTANEOUS_QUERIES",
    status: 500,
    message: "Too many simultaneous queries. Maximum: 100",
  },
  241: {
    type: "MEMORY_LIMIT_EXCEEDED",
    status: 500,
    message:
      "(total) memory limit exceeded: would use 1.87 GiB, maximum: 1.86 GiB. OvercommitTracker decision",
  },
  242: { type: "TABLE_IS_READ_ONLY", status: 500, message: "Table is in readonly mode" },
  243: {
    type: "NOT_ENOUGH_SPACE",
    status: 500,
    message: "Cannot reserve 1.00 MiB, not enough space: While executing MergeTreeSink",
  },
  252: {
    type: "TOO_MANY_PARTS",
    status: 500,
    message:
      "Too many parts (3001 with average size of 11.38 KiB) in table 'default.records'. Merges are processing significantly slower than inserts",
  },
  497: {
    type: "ACCESS_DENIED",
    status: 403,
    message:
      "default: Not enough privileges. To execute this query, it's necessary to have the grant INSERT(id)",
  },
  516: {
    type: "AUTHENTICATION_FAILED",
    status: 403,
    message:
      "default: Authentication failed: password is incorrect, or there is no user with such name. (SELECT 'canary-of-a-quoted-row')",
  },
};

/** The faults that are left to be done. */
export class FrontFaults {
  #faults: { fault: FrontFault; left: number }[] = [];

  replace(faults: readonly FrontFault[]): void {
    this.#faults = faults.map((fault) => ({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }));
  }

  /** The first that fits the statement; it counts as done. */
  take(statement: string): FrontFault | null {
    const found = this.#faults.find(
      ({ fault, left }) => left > 0 && new RegExp(fault.statement).test(statement),
    );
    if (found === undefined) return null;
    found.left--;
    return found.fault;
  }
}
