import type { McpTap } from "../mcp/mcp-tap.ts";
import { REFUSED_CODE } from "../mcp/refusal.ts";
import { type Line, LineAssembler, lineText } from "./line-assembler.ts";

/** Longest line that is held to be read whole. Real frames end at some MB. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;

export interface ClientSideOptions {
  tap: McpTap;
  /** Whether anything could be refused now. */
  mayRefuse: () => boolean;
  forward: (pieces: readonly Buffer[]) => void;
  /** Answers the client in the server's place; one line without its newline. */
  answer: (text: string) => void;
  /** A line longer than MAX_LINE_BYTES passed unread. */
  onUnread: () => void;
}

/**
 * From the client to the server. A line is forwarded when it is complete and was looked at: a server can't read it
 * earlier anyway, and its intent has to be on file first. The bytes are the client's own, whatever they are.
 */
export class ClientSide {
  readonly #options: ClientSideOptions;
  readonly #lines = new LineAssembler();
  /** What happens to the rest of a line that was too long to be held. */
  #rest: "forward" | "swallow" | null = null;

  constructor(options: ClientSideOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    for (const line of this.#lines.push(chunk)) this.#line(line);
    if (this.#rest !== null || this.#lines.pending > MAX_LINE_BYTES) this.#tooLong();
  }

  /** The client sends no more. A last line without a newline is a line. */
  end(): void {
    const line = this.#lines.take();
    if (line.bytes > 0) this.#line(line);
  }

  #line(line: Line): void {
    if (this.#rest !== null) {
      if (this.#rest === "forward") this.#options.forward(line.pieces);
      this.#rest = null;
      return;
    }
    const frame = parse(lineText(line));
    const verdict = this.#options.tap.fromClient(frame);
    if (verdict.kind === "forward") {
      this.#options.forward(line.pieces);
      return;
    }
    if (verdict.rest !== null) this.#options.forward([Buffer.from(`${JSON.stringify(verdict.rest)}\n`)]);
    this.#options.answer(JSON.stringify(verdict.answer));
  }

  /** Nobody could say whether such a line is allowed: it only passes while nothing is refused at all. */
  #tooLong(): void {
    const { pieces } = this.#lines.take();
    if (this.#rest === null) {
      this.#rest = this.#options.mayRefuse() ? "swallow" : "forward";
      this.#options.onUnread();
      if (this.#rest === "swallow") this.#options.answer(JSON.stringify(TOO_LONG));
    }
    if (this.#rest === "forward") this.#options.forward(pieces);
  }
}

const TOO_LONG = {
  jsonrpc: "2.0",
  id: null,
  error: {
    code: REFUSED_CODE,
    message: "Refused by Tripline: the message is too long to be checked while something is revoked",
    data: { reason: "message too long", retryable: false },
  },
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not a frame; the server shall say so
  }
}
