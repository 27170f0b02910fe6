import { type ColumnKind, ENVELOPE_LAYOUT } from "../rows/envelope-columns.ts";
import { ENVELOPE_COLUMNS, envelopeFromRow } from "../rows/record-row.ts";
import type { ByteSink } from "./byte-sink.ts";
import { type Member, memberOf } from "./members.ts";
import type { NativeBlock } from "./native-rows.ts";

/**
 * Envelopes out of columns, byte for byte as `envelopeFromRow` makes them, without a string or an object on the way; it is held to
 * that by a test. What has a `detail` is left to it.
 */

const encoder = new TextEncoder();
const VERSION = encoder.encode('{"v":1');
const OPEN = 0x7b;
const CLOSE = 0x7d;

interface Section {
  /** `,"actor":` */
  opening: Uint8Array;
  members: Member[];
}
type Part = Member | Section;

const LIST_COLUMNS = new Set(["roles", "delegation"]);

/** As the database is asked for them: `payload_hash` stands for its digits. */
export const ENVELOPE_NATIVE_SELECT = `${ENVELOPE_COLUMNS.map((column) => {
  if (column === "payload_hash_hex") return "payload_hash";
  return LIST_COLUMNS.has(column) ? `CAST(${column}, 'Array(String)') AS ${column}_list` : column;
}).join(", ")}, detail, raw`;

export class EnvelopeBytes {
  readonly #sink: ByteSink;
  readonly #parts: Part[] = [];
  readonly #all: { member: Member; kind: ColumnKind }[] = [];
  readonly #detail;
  readonly #raw;

  constructor(block: NativeBlock, sink: ByteSink) {
    this.#sink = sink;
    this.#detail = block.strings("detail");
    this.#raw = block.strings("raw");
    const place = (key: string, [column, kind]: readonly [string, ColumnKind]): Member => {
      const member = memberOf(block, key, nativeName(column), kind);
      this.#all.push({ member, kind });
      return member;
    };
    for (const [key, entry] of Object.entries(ENVELOPE_LAYOUT)) {
      if (entry === null) continue;
      if (isColumn(entry)) {
        const member = place(key, entry);
        if (member.isUsed) this.#parts.push(member);
        continue;
      }
      const members = Object.entries(entry).map(([field, column]) => place(field, column));
      const used = members.filter(({ isUsed }) => isUsed);
      if (used.length > 0) this.#parts.push({ opening: encoder.encode(`,"${key}":`), members: used });
    }
  }

  /** A view that stays. Empty where the row's columns make no envelope, as those of a changed one may. */
  at(row: number): Uint8Array {
    const sink = this.#sink;
    sink.begin();
    const [from, to] = [this.#raw.from(row), this.#raw.to(row)];
    if (to > from) sink.some(this.#raw.bytes, from, to);
    else if (this.#detail.to(row) > this.#detail.from(row)) this.#rebuild(row);
    else this.#write(row);
    return sink.end();
  }

  #write(row: number): void {
    const sink = this.#sink;
    sink.all(VERSION);
    for (const part of this.#parts) {
      if (!("members" in part)) {
        part.write(row, sink);
        continue;
      }
      const before = sink.length;
      sink.all(part.opening);
      const first = sink.length;
      for (const member of part.members) member.write(row, sink);
      if (sink.length === first) sink.cut(before);
      else {
        sink.patch(first, OPEN); // in place of the first member's comma
        sink.byte(CLOSE);
      }
    }
    sink.byte(CLOSE);
  }

  #rebuild(row: number): void {
    const values = this.#all.map(({ member, kind }) => member.value(row) ?? kind.absent);
    const { bytes } = this.#detail;
    const detail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(
      "utf8",
      this.#detail.from(row),
      this.#detail.to(row),
    );
    try {
      this.#sink.all(encoder.encode(envelopeFromRow({ values, detail, raw: "" })));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
}

function nativeName(column: string): string {
  if (column === "payload_hash_hex") return "payload_hash";
  return LIST_COLUMNS.has(column) ? `${column}_list` : column;
}

function isColumn(entry: object): entry is readonly [string, ColumnKind] {
  return Array.isArray(entry);
}
