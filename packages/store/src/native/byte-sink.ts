/**
 * Text as bytes, one row after the other, into large buffers that are made once: what verifying does for every record. A row is a view.
 * JSON comes out as `JSON.stringify` writes it.
 */

const CHUNK_BYTES = 4 * 1024 * 1024; // some four thousand rows
const ESCAPED_BYTES = 6; // \u001f: the most that one byte of text takes
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PLAIN = 0x20;
const ZERO = 0x30;
const DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const MOST_DIGITS = 10;
const SHORT = 24; // bytes; below, a loop is quicker than the call that copies

export class ByteSink {
  #bytes = new Uint8Array(CHUNK_BYTES);
  #at = 0;
  #start = 0;

  /** Begins a row. */
  begin(): void {
    this.#start = this.#at;
  }

  /** The row since `begin`. */
  end(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#at);
  }

  get length(): number {
    return this.#at - this.#start;
  }

  /** Forgets what stands behind so many bytes of the row. */
  cut(length: number): void {
    this.#at = this.#start + length;
  }

  /** Writes over one byte of the row. */
  patch(index: number, value: number): void {
    this.#bytes[this.#start + index] = value;
  }

  byte(value: number): void {
    this.#need(1);
    this.#bytes[this.#at++] = value;
  }

  /** Bytes as they are. */
  all(bytes: Uint8Array): void {
    const { length } = bytes;
    if (this.#at + length > this.#bytes.length) this.#grow(length);
    if (length < SHORT) {
      const into = this.#bytes;
      const at = this.#at;
      for (let i = 0; i < length; i++) into[at + i] = bytes[i] ?? 0;
    } else this.#bytes.set(bytes, this.#at);
    this.#at += length;
  }

  /** Some of them. */
  some(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    this.#need(length);
    if (length < SHORT) {
      const into = this.#bytes;
      let at = this.#at;
      for (let i = from; i < to; i++) into[at++] = bytes[i] ?? 0;
    } else this.#bytes.set(bytes.subarray(from, to), this.#at);
    this.#at += length;
  }

  /** UTF-8 as a JSON string. */
  text(bytes: Uint8Array, from: number, to: number): void {
    this.#need((to - from) * ESCAPED_BYTES + 2);
    const into = this.#bytes;
    let at = this.#at;
    into[at++] = QUOTE;
    for (let i = from; i < to; i++) {
      const byte = bytes[i] ?? 0;
      if (byte >= FIRST_PLAIN && byte !== QUOTE && byte !== BACKSLASH) into[at++] = byte;
      else at = putEscaped(byte, into, at);
    }
    into[at++] = QUOTE;
    this.#at = at;
  }

  /** Bytes as lower-case hex. */
  hex(bytes: Uint8Array, from: number, to: number): void {
    this.#need((to - from) * 2);
    const into = this.#bytes;
    let at = this.#at;
    for (let i = from; i < to; i++) {
      const byte = bytes[i] ?? 0;
      into[at++] = DIGITS[byte >> 4] ?? 0;
      into[at++] = DIGITS[byte & 15] ?? 0;
    }
    this.#at = at;
  }

  /** A whole number as JSON. */
  integer(value: number): void {
    if (value < 0 || value >= 10 ** MOST_DIGITS || !Number.isInteger(value)) {
      this.ascii(JSON.stringify(value));
      return;
    }
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits += 1;
    this.padded(value, digits);
  }

  /** With leading zeros. */
  padded(value: number, digits: number): void {
    this.#need(digits);
    let rest = value;
    for (let at = this.#at + digits - 1; at >= this.#at; at--) {
      const tens = Math.floor(rest / 10);
      this.#bytes[at] = ZERO + rest - tens * 10;
      rest = tens;
    }
    this.#at += digits;
  }

  /** @param text of ASCII alone */
  ascii(text: string): void {
    this.#need(text.length);
    for (let i = 0; i < text.length; i++) this.#bytes[this.#at + i] = text.charCodeAt(i);
    this.#at += text.length;
  }

  #need(length: number): void {
    if (this.#at + length > this.#bytes.length) this.#grow(length);
  }

  /** Rows that were handed out stay where they are. */
  #grow(length: number): void {
    const begun = this.#bytes.subarray(this.#start, this.#at);
    this.#bytes = new Uint8Array(Math.max(CHUNK_BYTES, (begun.length + length) * 2));
    this.#bytes.set(begun);
    this.#start = 0;
    this.#at = begun.length;
  }
}

const SHORT_ESCAPES = new Map([
  [0x08, "b"],
  [0x09, "t"],
  [0x0a, "n"],
  [0x0c, "f"],
  [0x0d, "r"],
  [QUOTE, '"'],
  [BACKSLASH, "\\"],
]);

function putEscaped(byte: number, into: Uint8Array, from: number): number {
  const written = SHORT_ESCAPES.get(byte) ?? `u${byte.toString(16).padStart(4, "0")}`;
  let at = from;
  into[at++] = BACKSLASH;
  for (let i = 0; i < written.length; i++) into[at++] = written.charCodeAt(i);
  return at;
}
