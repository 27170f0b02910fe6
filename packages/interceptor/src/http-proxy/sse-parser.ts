/**
 * Reads server-sent events (WHATWG HTML, 9.2.6) from bytes as they come and hands out the data of each event in pieces,
 * so that an event of any size costs no memory here.
 */
export interface SseListener {
  /** A piece of the event's data; lines of one event are joined by a newline, which comes as a piece of its own. */
  data(piece: Buffer): void;
  /** The event is complete. Called only when it had data. */
  event(): void;
  /** The event carried an id: the stream can be resumed from it. */
  id(): void;
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const NEWLINE = Buffer.from("\n");
const MAX_FIELD_BYTES = 16; // the longest field name that means something is "event" or "retry"

type Where = "start" | "field" | "space" | "data" | "ignored";

export class SseParser {
  readonly #listener: SseListener;
  #where: Where = "start";
  #field = "";
  #fieldBytes = 0;
  #hasData = false;
  #afterCr = false;

  constructor(listener: SseListener) {
    this.#listener = listener;
  }

  push(chunk: Buffer): void {
    let i = 0;
    while (i < chunk.length) {
      const byte = chunk[i] ?? 0;
      if (this.#afterCr) {
        this.#afterCr = false;
        if (byte === LF) {
          i += 1;
          continue;
        }
      }
      if (this.#where === "data" || this.#where === "ignored") {
        const end = endOfLine(chunk, i);
        if (this.#where === "data" && end > i) this.#listener.data(chunk.subarray(i, end));
        if (end === chunk.length) return;
        i = end;
        this.#endLine(chunk[i] === CR);
        i += 1;
        continue;
      }
      i += this.#step(byte);
    }
  }

  /** One byte of a line's head. Returns 0 when the byte belongs to what follows. */
  #step(byte: number): 0 | 1 {
    if (byte === LF || byte === CR) {
      if (this.#where === "start") {
        if (this.#hasData) this.#listener.event();
        this.#hasData = false;
      } else {
        if (this.#where === "field") this.#endField();
        this.#where = "start";
      }
      this.#afterCr = byte === CR;
      return 1;
    }
    if (this.#where === "space") {
      this.#where = this.#field === "data" ? "data" : "ignored";
      return byte === SPACE ? 1 : 0;
    }
    if (byte === COLON) {
      this.#endField();
      this.#where = "space";
      return 1;
    }
    if (this.#where === "start") {
      this.#where = "field";
      this.#field = "";
      this.#fieldBytes = 0;
    }
    this.#fieldBytes += 1;
    if (this.#fieldBytes <= MAX_FIELD_BYTES) this.#field += String.fromCharCode(byte);
    return 1;
  }

  /** The field's name is known: a line `data` without a colon is an empty data line. */
  #endField(): void {
    if (this.#where === "start") this.#field = ""; // a line that begins with a colon is a comment
    if (this.#fieldBytes > MAX_FIELD_BYTES) this.#field = "";
    this.#fieldBytes = 0;
    if (this.#field === "data") {
      if (this.#hasData) this.#listener.data(NEWLINE);
      this.#hasData = true;
    } else if (this.#field === "id") {
      this.#listener.id();
    }
  }

  #endLine(cr: boolean): void {
    this.#where = "start";
    this.#afterCr = cr;
  }
}

function endOfLine(chunk: Buffer, from: number): number {
  const lf = chunk.indexOf(LF, from);
  const end = lf < 0 ? chunk.length : lf;
  const cr = chunk.subarray(from, end).indexOf(CR);
  return cr < 0 ? end : from + cr;
}
