/** One line as it came, in pieces, its newline included. */
export interface Line {
  pieces: Buffer[];
  bytes: number;
}

const NEWLINE = 10;

/** Cuts a byte stream into lines without copying it. */
export class LineAssembler {
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** Size of the line that is not complete yet. */
  get pending(): number {
    return this.#bytes;
  }

  /** The lines that this chunk completes. */
  push(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, from);
      if (newline < 0) break;
      this.#add(chunk.subarray(from, newline + 1));
      lines.push(this.take());
      from = newline + 1;
    }
    if (from < chunk.length) this.#add(chunk.subarray(from));
    return lines;
  }

  /** What there is of the line that is not complete, and begins anew. */
  take(): Line {
    const line = { pieces: this.#pieces, bytes: this.#bytes };
    this.#pieces = [];
    this.#bytes = 0;
    return line;
  }

  #add(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
  }
}

export function lineText({ pieces, bytes }: Line): string {
  const [first] = pieces;
  return pieces.length === 1 && first !== undefined
    ? first.toString("utf8")
    : Buffer.concat(pieces, bytes).toString("utf8");
}

/** The first `count` bytes, where there are as many. */
export function lineHead(line: Line, count: number): string {
  return Buffer.concat([...lineRange(line, 0, count)]).toString("utf8");
}

/** The last `count` bytes, where there are as many. */
export function lineTail(line: Line, count: number): string {
  return Buffer.concat([...lineRange(line, Math.max(0, line.bytes - count), line.bytes)]).toString("utf8");
}

/** The bytes from `from` up to, not including, `to`, uncopied. */
export function* lineRange({ pieces }: Line, from: number, to: number): Generator<Buffer> {
  let at = 0;
  for (const piece of pieces) {
    if (at >= to) return;
    if (at + piece.length > from) yield piece.subarray(Math.max(0, from - at), to - at);
    at += piece.length;
  }
}
