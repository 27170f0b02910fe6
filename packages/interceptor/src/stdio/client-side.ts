import { InOrder } from "../core/in-order.ts";
import type { DecidedFrame, McpTap } from "../mcp/mcp-tap.ts";
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
  /** Nothing waits any more. */
  onIdle?: (() => void) | undefined;
}

/**
 * From the client to the server. A line is forwarded when it is complete and was looked at: a server can't read it
 * earlier anyway, and its intent has to be on file first. The bytes are the client's own, whatever they are. Where a call
 * waits for a verdict, all lines behind it do: they are looked at as they come, and forwarded in their order.
 */
export class ClientSide {
  readonly #options: ClientSideOptions;
  readonly #lines = new LineAssembler();
  readonly #order = new InOrder();
  #waitingBytes = 0;
  /** What happens to the rest of a line that was too long to be held. */
  #rest: "forward" | "swallow" | null = null;

  constructor(options: ClientSideOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    for (const line of this.#lines.push(chunk)) this.#line(line);
    if (this.#rest !== null || this.#lines.pending > MAX_LINE_BYTES) this.#tooLong();
  }

  /** Bytes that are kept back behind a call that waits. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** The client sends no more. A last line without a newline is a line. @param ended when all was forwarded */
  end(ended: () => void = () => undefined): void {
    const line = this.#lines.take();
    if (line.bytes > 0) this.#line(line);
    this.#inTurn(0, ended);
  }

  #line(line: Line): void {
    if (this.#rest !== null) {
      if (this.#rest === "forward") this.#inTurn(line.bytes, () => this.#options.forward(line.pieces));
      this.#rest = null;
      return;
    }
    const frame = parse(lineText(line));
    const verdict = this.#options.tap.fromClient(frame, CAN_WAIT);
    if (verdict.kind === "hold") this.#later(line.bytes, verdict.decided, (found) => this.#do(found, line));
    else this.#inTurn(line.bytes, () => this.#do(verdict, line));
  }

  /** Now, or behind what waits. */
  #inTurn(bytes: number, action: () => void): void {
    if (this.#order.isIdle) action();
    else this.#later(bytes, undefined, action);
  }

  #later<T>(bytes: number, ready: T | Promise<T>, action: (value: T) => void): void {
    this.#waitingBytes += bytes;
    void this.#order.add(ready, (value) => {
      this.#waitingBytes -= bytes;
      action(value);
      if (this.#waitingBytes === 0) this.#options.onIdle?.();
    });
  }

  #do(verdict: DecidedFrame, line: Line): void {
    if (verdict.kind === "forward") {
      this.#options.forward(line.pieces);
      return;
    }
    if (verdict.rest !== null) this.#options.forward([Buffer.from(`${JSON.stringify(verdict.rest)}\n`)]);
    this.#options.answer(JSON.stringify(verdict.answer));
  }

  /** Nobody could say whether such a line is allowed: it only passes while nothing is refused at all. */
  #tooLong(): void {
    const { pieces, bytes } = this.#lines.take();
    if (this.#rest === null) {
      this.#rest = this.#options.mayRefuse() ? "swallow" : "forward";
      this.#options.onUnread();
      if (this.#rest === "swallow") this.#options.answer(JSON.stringify(TOO_LONG));
    }
    if (this.#rest === "forward") this.#inTurn(bytes, () => this.#options.forward(pieces));
  }
}

const CAN_WAIT = { canWait: true };

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
