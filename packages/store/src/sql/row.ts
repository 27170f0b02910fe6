import { TriplineError } from "@tripline/events";

/** One row of a result, read column by column with its type checked: the schema may be another version's. */
export class Row {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  string(column: string): string {
    const value = this.#values[column];
    if (typeof value !== "string") throw unexpected(column);
    return value;
  }

  /** For columns where the empty text means absent. */
  text(column: string): string | null {
    const value = this.string(column);
    return value === "" ? null : value;
  }

  number(column: string): number {
    const value = this.#values[column];
    // 64-bit sums and counts come as text from servers that quote them
    const number = typeof value === "string" && value !== "" ? Number(value) : value;
    if (typeof number !== "number" || Number.isNaN(number)) throw unexpected(column);
    return number;
  }

  nullableNumber(column: string): number | null {
    return this.#values[column] === null ? null : this.number(column);
  }

  boolean(column: string): boolean {
    const value = this.#values[column];
    if (value === null || value === false || value === 0) return false;
    if (value === true || value === 1) return true;
    throw unexpected(column);
  }

  strings(column: string): string[] {
    const value = this.#values[column];
    if (!Array.isArray(value)) throw unexpected(column);
    return value.map((entry: unknown) => {
      if (typeof entry !== "string") throw unexpected(column);
      return entry;
    });
  }

  /** For UUID columns, where the zero UUID means absent. */
  uuid(column: string): string | null {
    const value = this.string(column);
    return value === ZERO_UUID ? null : value;
  }

  /** For time columns, where the epoch means absent. */
  time(column: string): string | null {
    const value = this.string(column);
    return value === EPOCH ? null : value;
  }

  raw(column: string): unknown {
    return this.#values[column];
  }
}

export const ZERO_UUID = "00000000-0000-0000-0000-000000000000";
export const EPOCH = "1970-01-01T00:00:00.000Z";

function unexpected(column: string): TriplineError {
  return new TriplineError(
    "TRIPLINE_STORE_ROW_UNEXPECTED",
    `the store's column ${column} does not hold what this version expects: check that the migrations of this version ran`,
  );
}
