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

/** At least the first `count` bytes, where there are as many. */
export function lineHead({ pieces }: Line, count: number): string {
  const kept: Buffer[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    if (bytes >= count) break;
    kept.push(piece.subarray(0, count - bytes));
    bytes += piece.length;
  }
  return Buffer.concat(kept).toString("utf8");
}

/** The last `count` bytes. */
export function lineTail({ pieces }: Line, count: number): string {
  const kept: Buffer[] = [];
  let bytes = 0;
  for (const piece of pieces.toReversed()) {
    if (bytes >= count) break;
    kept.unshift(piece.subarray(Math.max(0, piece.length - (count - bytes))));
    bytes += piece.length;
  }
  return Buffer.concat(kept).toString("utf8");
}
