import { TriplineError, tenantId, uuid } from "@tripline/events";
import { isStorableTime } from "../rows/storable.ts";
import { EPOCH } from "./row.ts";

/**
 * The only way to build SQL here. A template takes other `Sql` and nothing else, so a string can't get into a
 * statement by accident. Values of a checked shape become literals (the embedded engine runs bound queries one at a
 * time in the whole process); free text becomes a bound parameter, always.
 */
export interface Sql {
  readonly pieces: readonly Piece[];
}
type Piece = string | { readonly bind: string };

/** A template whose holes are `Sql`. */
export function sql(strings: TemplateStringsArray, ...holes: readonly Sql[]): Sql {
  const pieces: Piece[] = [strings[0] ?? ""];
  holes.forEach((hole, index) => {
    pieces.push(...hole.pieces, strings[index + 1] ?? "");
  });
  return { pieces };
}

/** Free text: bound, never written into the statement. */
export function text(value: string): Sql {
  return { pieces: [{ bind: value }] };
}

/** Free text where nothing can be bound (a removal outlives its statement): as hex digits, which can hold no quote. */
export function hexText(value: string): Sql {
  return { pieces: [`unhex('${Buffer.from(value.toWellFormed()).toString("hex")}')`] };
}

function literal(value: string): Sql {
  return { pieces: [`'${value}'`] };
}

function refuse(what: string): TriplineError {
  return new TriplineError("TRIPLINE_STORE_FILTER_INVALID", `the filter is invalid: ${what}`);
}

export function tenant(value: string): Sql {
  if (!tenantId.safeParse(value).success) throw refuse("tenant is not a tenant's id");
  return literal(value);
}

export function uuidValue(value: string): Sql {
  const id = value.toLowerCase();
  if (!uuid.safeParse(id).success) throw refuse("expected a UUID");
  return { pieces: [`toUUID('${id}')`] };
}

export function isUuid(value: string): boolean {
  return uuid.safeParse(value.toLowerCase()).success;
}

/** The name of one of our tables, as an identifier. */
export function table(name: string): Sql {
  if (!/^[a-z_]{1,64}$/.test(name)) throw refuse("expected a table");
  return { pieces: [name] };
}

/** A log's generation. Nearly all are plain words and become literals, so that they wait for no bound query. */
export function generationName(value: string): Sql {
  return /^[A-Za-z0-9._-]{1,200}$/.test(value) ? literal(value) : text(value);
}

/** A time in the form all records have, as DateTime64(3). */
export function time(value: string): Sql {
  if (!isStorableTime(value) && value !== EPOCH) {
    throw refuse("a time must be UTC with milliseconds, as 2026-11-21T09:30:00.123Z");
  }
  return { pieces: [`toDateTime64('${value.slice(0, 10)} ${value.slice(11, 23)}', 3, 'UTC')`] };
}

export function integer(value: number): Sql {
  if (!Number.isSafeInteger(value) || value < 0) throw refuse("expected a whole number");
  return { pieces: [String(value)] };
}

/** A word of lower-case letters, digits, '.', '_' or '-', such as a record type, an outcome or a state. */
export function word(value: string): Sql {
  if (!/^[a-z0-9._-]{1,64}$/.test(value)) throw refuse("expected a word of the list");
  return literal(value);
}

export function join(parts: readonly Sql[], separator: ", " | " AND " | " OR "): Sql {
  return {
    pieces: parts.flatMap((part, index) => (index === 0 ? part.pieces : [separator, ...part.pieces])),
  };
}

/** The statement's text and its parameters, each used once. */
export function render(statement: Sql): { text: string; params: Record<string, string> } {
  const params: Record<string, string> = {};
  let count = 0;
  const rendered = statement.pieces.map((piece) => {
    if (typeof piece === "string") return piece;
    const name = `p${count++}`;
    params[name] = piece.bind;
    return `{${name}:String}`;
  });
  return { text: rendered.join(""), params };
}
