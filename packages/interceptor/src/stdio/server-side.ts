import type { CallEnd } from "../interceptor.ts";
import {
  HEAD_BYTES,
  LARGE_FRAME_BYTES,
  type LargeAnswer,
  scanLargeFrame,
  TAIL_BYTES,
} from "../mcp/large-frame.ts";
import type { McpTap } from "../mcp/mcp-tap.ts";
import { type Line, LineAssembler, lineHead, lineRange, lineTail, lineText } from "./line-assembler.ts";

/** Longest line that is kept to be read. A longer answer passes, and its call is left in doubt. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024;
const NEWLINE = 10;

export interface ServerSideOptions {
  tap: McpTap;
  forward: (piece: Buffer) => void;
}

/**
 * From the server to the client. Bytes are forwarded as they come and looked at afterwards. Answers of our own go
 * between two lines of the server's.
 */
export class ServerSide {
  readonly #options: ServerSideOptions;
  readonly #lines = new LineAssembler();
  #atLineStart = true;
  #answers: string[] = [];
  #skipping = false;

  constructor(options: ServerSideOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    this.#forward(chunk);
    for (const line of this.#lines.push(chunk)) {
      if (this.#skipping) this.#skipping = false;
      else this.#line(line);
    }
    if (this.#skipping || this.#lines.pending > MAX_KEPT_BYTES) {
      this.#lines.take();
      this.#skipping = true;
    }
  }

  /** Says a line to the client as soon as the server is between two lines. */
  answer(text: string): void {
    this.#answers.push(text);
    if (this.#atLineStart) this.#sayAnswers();
  }

  /** The server sends no more. */
  end(): void {
    if (!this.#atLineStart && this.#answers.length > 0) this.#options.forward(Buffer.from("\n"));
    this.#sayAnswers();
    const line = this.#lines.take();
    if (line.bytes > 0 && !this.#skipping) this.#line(line);
  }

  #forward(chunk: Buffer): void {
    if (this.#answers.length > 0 && !this.#atLineStart) {
      const newline = chunk.indexOf(NEWLINE);
      if (newline >= 0 && newline < chunk.length - 1) {
        this.#options.forward(chunk.subarray(0, newline + 1));
        this.#sayAnswers();
        this.#options.forward(chunk.subarray(newline + 1));
        this.#atLineStart = chunk.at(-1) === NEWLINE;
        return;
      }
    }
    this.#options.forward(chunk);
    this.#atLineStart = chunk.at(-1) === NEWLINE;
    if (this.#atLineStart) this.#sayAnswers();
  }

  #sayAnswers(): void {
    for (const text of this.#answers.splice(0)) this.#options.forward(Buffer.from(`${text}\n`));
  }

  #line(line: Line): void {
    const { tap } = this.#options;
    if (tap.open === 0) return; // nothing waits for an answer
    if (line.bytes > LARGE_FRAME_BYTES) {
      const found = scanLargeFrame(lineHead(line, HEAD_BYTES), lineTail(line, TAIL_BYTES), line.bytes);
      if (found !== null && tap.answeredLarge(found.id, this.#endOf(found, line))) return;
    }
    tap.fromServer(parse(lineText(line)), line.bytes);
  }

  #endOf({ outcome, text, from, to }: LargeAnswer, line: Line): CallEnd {
    const hasher = this.#options.tap.keyedHasher();
    for (const piece of lineRange(line, from, to)) hasher.update(piece);
    return { outcome, text, bytes: to - from, items: 1, wholeDigest: hasher.digest(32) };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // servers print other things too
  }
}
