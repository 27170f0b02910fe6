import { createHash } from "node:crypto";

/**
 * Reads the JSON-RPC envelope of a body that is never held whole: methods, ids, tool names, how results ended, and size
 * and digest of arguments and results. Memory is bounded whatever the body's size.
 *
 * It also finds what two parsers could read differently (a key twice, a key in another case, which Go's decoder takes),
 * so that nobody can show the deny list one tool and the server another.
 */

const MAX_SCALAR_BYTES = 8 * 1024; // ids, methods and tool names; the record keeps 256 characters of a name
const MAX_KEY_BYTES = 512; // a key six times escaped (\u0061) still fits; longer ones are none that we look for
const MAX_DEPTH = 1_000; // arguments nest a few levels; JSON.parse itself gives up at a few thousand
const MAX_MESSAGES = 1_000; // messages in one batch

export interface ScannedMessage {
  /** JSON text of the id: `7`, `"a"`; absent on notifications. */
  id?: string;
  method?: string;
  /** params.name */
  name?: string;
  /** result.isError */
  isError?: boolean;
  hasResult: boolean;
  hasError: boolean;
  errorCode?: string;
  errorMessage?: string;
  /** Size and digest of the JSON text of params.arguments, or of result. */
  measured?: { bytes: number; digest: string };
  /** Why a second parser could read another call here. */
  ambiguous?: string;
}

/** Digests pieces as they come. */
export interface RollingHash {
  update(piece: Uint8Array): void;
  digest(): string;
}

export type Scanned =
  | { kind: "messages"; batch: boolean; messages: ScannedMessage[] }
  | { kind: "unreadable"; why: string };

const NESTED: ReadonlySet<string> = new Set(["params", "result", "error"]);
const CAPTURED: ReadonlySet<string> = new Set([
  "id",
  "method",
  "params.name",
  "result.isError",
  "error.code",
  "error.message",
]);
const MEASURED: ReadonlySet<string> = new Set(["params.arguments", "result"]);
const UNIQUE = new Map(
  ["id", "method", "params", "result", "error", "params.name", "params.arguments"].map((path) => [
    fold(path),
    path,
  ]),
);

type State = "value" | "first_key" | "key" | "colon" | "after" | "string" | "literal" | "done";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

export class EnvelopeScanner {
  #state: State = "value";
  #why: string | undefined;
  #batch = false;
  readonly #messages: ScannedMessage[] = [];
  #message: ScannedMessage | undefined;
  #seen = new Set<string>();

  /** true for `{`, false for `[`, one for each open container. */
  readonly #open: boolean[] = [];
  #isKey = false;
  #escaped = false;
  /** An array whose first value has not come yet may close. */
  #mayClose = false;
  #messageKey = "";
  #nestedKey = "";

  #captured: Buffer[] | undefined;
  #capturedBytes = 0;
  #measure: { hash: RollingHash; bytes: number; depth: number } | undefined;
  readonly #startHash: () => RollingHash;

  /** @param startHash digests what is measured; default: SHA-256 as hex */
  constructor(startHash: () => RollingHash = sha256) {
    this.#startHash = startHash;
  }

  /** False from the first byte on that no strict JSON text can have. */
  get readable(): boolean {
    return this.#why === undefined;
  }

  /** Messages whose end has been read. */
  get complete(): readonly ScannedMessage[] {
    return this.#messages;
  }

  /** What is known so far of the message whose end has not been read. */
  get unfinished(): Readonly<ScannedMessage> | undefined {
    return this.#message;
  }

  push(chunk: Buffer): void {
    if (this.#why !== undefined) return;
    let captureFrom = 0;
    let measureFrom = 0;
    let i = 0;
    while (i < chunk.length) {
      if (this.#state === "string") {
        i = this.#skipString(chunk, i);
        if (i < 0) break; // the chunk ends inside the string
        this.#capture(chunk, captureFrom, i + 1);
        this.#endString();
        if (this.#measure !== undefined && this.#measure.depth === this.#open.length && !this.#isKey) {
          this.#endMeasure(chunk, measureFrom, i + 1);
        }
        if (this.#why !== undefined) return;
        i += 1;
        continue;
      }
      const byte = chunk[i] ?? 0;
      if (this.#state === "literal") {
        if (isLiteralByte(byte)) {
          i += 1;
          continue;
        }
        this.#capture(chunk, captureFrom, i);
        this.#endLiteral();
        if (this.#measure?.depth === this.#open.length) this.#endMeasure(chunk, measureFrom, i);
        if (this.#why !== undefined) return;
        // the byte itself is looked at again, in the state after the value
      }
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
        i += 1;
        continue;
      }
      switch (this.#state) {
        case "value":
          if (byte === 0x5d && this.#mayClose) {
            this.#close(false);
            if (this.#measure?.depth === this.#open.length) this.#endMeasure(chunk, measureFrom, i + 1);
            break;
          }
          this.#mayClose = false;
          if (this.#startsMeasured()) {
            this.#measure = { hash: this.#startHash(), bytes: 0, depth: this.#open.length };
            measureFrom = i;
          }
          if (byte === QUOTE) {
            this.#state = "string";
            this.#isKey = false;
            if (this.#startsCaptured()) {
              this.#captured = [];
              captureFrom = i;
            }
          } else if (byte === 0x7b) {
            this.#openContainer(true);
          } else if (byte === 0x5b) {
            this.#openContainer(false);
          } else if (isLiteralByte(byte)) {
            this.#state = "literal";
            if (this.#startsCaptured()) {
              this.#captured = [];
              captureFrom = i;
            }
          } else {
            this.#fail("a value was expected");
          }
          break;
        case "first_key":
        case "key":
          if (byte === QUOTE) {
            this.#state = "string";
            this.#isKey = true;
            if (this.#watchesKeys()) {
              this.#captured = [];
              captureFrom = i;
            }
          } else if (byte === 0x7d && this.#state === "first_key") {
            this.#close(true);
            if (this.#measure?.depth === this.#open.length) this.#endMeasure(chunk, measureFrom, i + 1);
          } else {
            this.#fail("a key was expected");
          }
          break;
        case "colon":
          if (byte === 0x3a) this.#state = "value";
          else this.#fail("a colon was expected");
          break;
        case "after":
          if (byte === 0x2c) {
            const object = this.#open.at(-1) === true;
            this.#state = object ? "key" : "value";
          } else if (byte === 0x7d || byte === 0x5d) {
            this.#close(byte === 0x7d);
            if (this.#measure?.depth === this.#open.length) this.#endMeasure(chunk, measureFrom, i + 1);
          } else {
            this.#fail("a comma or an end was expected");
          }
          break;
        default:
          this.#fail("there is text behind the JSON value");
      }
      if (this.#why !== undefined) return;
      i += 1;
    }
    this.#capture(chunk, captureFrom, chunk.length);
    this.#addMeasured(chunk, measureFrom, chunk.length);
  }

  /** What was read; call once, after the last chunk. */
  finish(): Scanned {
    if (this.#state === "literal") this.#endLiteral();
    if (this.#why === undefined && this.#state !== "done") this.#fail("the text ends early");
    return this.#why === undefined
      ? { kind: "messages", batch: this.#batch, messages: this.#messages }
      : { kind: "unreadable", why: this.#why };
  }

  /** The index of the closing quote, or -1 when it is not in this chunk. */
  #skipString(chunk: Buffer, start: number): number {
    let escaped = this.#escaped;
    for (let i = start; i < chunk.length; i += 1) {
      const byte = chunk[i];
      if (escaped) escaped = false;
      else if (byte === BACKSLASH) escaped = true;
      else if (byte === QUOTE) {
        this.#escaped = false;
        return i;
      }
    }
    this.#escaped = escaped;
    return -1;
  }

  #endString(): void {
    const text = this.#takeCaptured();
    if (!this.#isKey) {
      if (text !== undefined) this.#store(text);
      this.#endValue();
      return;
    }
    this.#state = "colon";
    if (text === undefined) {
      this.#setKey("");
      return;
    }
    const key = decodeString(text);
    if (key === undefined) this.#fail("a key is not a JSON string");
    else this.#setKey(key);
  }

  #endLiteral(): void {
    const text = this.#takeCaptured();
    if (text !== undefined) this.#store(text);
    this.#endValue();
  }

  #setKey(key: string): void {
    const nested = this.#open.length === this.#messageDepth + 1;
    if (nested) this.#nestedKey = key;
    else if (this.#open.length === this.#messageDepth) this.#messageKey = key;
    else return;
    const path = nested ? `${this.#messageKey}.${key}` : key;
    const folded = fold(path);
    const known = UNIQUE.get(folded);
    if (known === undefined || this.#message === undefined) return;
    if (known !== path) this.#message.ambiguous = `a key is written like ${known} in another case`;
    else if (this.#seen.has(folded)) this.#message.ambiguous = `${known} appears twice`;
    this.#seen.add(folded);
    if (path === "result") this.#message.hasResult = true;
    if (path === "error") this.#message.hasError = true;
  }

  #openContainer(object: boolean): void {
    if (this.#open.length >= MAX_DEPTH) {
      this.#fail(`it is nested deeper than ${MAX_DEPTH}`);
      return;
    }
    if (this.#open.length === 0 && !object) this.#batch = true;
    this.#open.push(object);
    if (object && this.#open.length === this.#messageDepth) {
      this.#message = { hasResult: false, hasError: false };
      this.#seen = new Set();
      this.#messageKey = "";
    }
    if (this.#open.length === this.#messageDepth + 1) this.#nestedKey = "";
    this.#state = object ? "first_key" : "value";
    this.#mayClose = !object;
  }

  #close(object: boolean): void {
    if (this.#open.at(-1) !== object) {
      this.#fail("brackets do not match");
      return;
    }
    if (this.#open.length === this.#messageDepth && this.#message !== undefined) {
      if (this.#messages.length >= MAX_MESSAGES) this.#fail(`it has more than ${MAX_MESSAGES} messages`);
      this.#messages.push(this.#message);
      this.#message = undefined;
    }
    this.#open.pop();
    this.#mayClose = false;
    this.#endValue();
  }

  #endValue(): void {
    this.#state = this.#open.length === 0 ? "done" : "after";
  }

  /** How many containers are open inside a message: 1, or 2 in a batch. */
  get #messageDepth(): number {
    return this.#batch ? 2 : 1;
  }

  #watchesKeys(): boolean {
    if (this.#message === undefined) return false;
    const depth = this.#open.length - this.#messageDepth;
    return depth === 0 || (depth === 1 && NESTED.has(this.#messageKey));
  }

  /** The path of the value that begins now, or "" when it is none that we look for. */
  #path(): string {
    if (this.#message === undefined || this.#open.at(-1) !== true) return "";
    const depth = this.#open.length - this.#messageDepth;
    if (depth === 0) return this.#messageKey;
    return depth === 1 ? `${this.#messageKey}.${this.#nestedKey}` : "";
  }

  #startsCaptured(): boolean {
    return CAPTURED.has(this.#path());
  }

  #startsMeasured(): boolean {
    return this.#measure === undefined && MEASURED.has(this.#path());
  }

  #store(text: string): void {
    const message = this.#message;
    if (message === undefined) return;
    switch (this.#path()) {
      case "id":
        message.id = text;
        break;
      case "method":
        message.method = this.#decoded(text);
        break;
      case "params.name":
        message.name = this.#decoded(text);
        break;
      case "result.isError":
        message.isError = text === "true";
        break;
      case "error.code":
        message.errorCode = text;
        break;
      case "error.message":
        message.errorMessage = this.#decoded(text);
        break;
    }
  }

  #decoded(text: string): string {
    return decodeString(text) ?? text;
  }

  #capture(chunk: Buffer, from: number, to: number): void {
    if (this.#captured === undefined || to <= from) return;
    const limit = this.#isKey && this.#state === "string" ? MAX_KEY_BYTES : MAX_SCALAR_BYTES;
    this.#capturedBytes += to - from;
    if (this.#capturedBytes <= limit) {
      this.#captured.push(Buffer.from(chunk.subarray(from, to)));
    } else if (this.#isKey && this.#state === "string") {
      this.#captured = undefined; // a key as long is none that we look for
      this.#capturedBytes = 0;
    } else if (this.#path() === "error.message") {
      this.#captured = undefined;
      this.#capturedBytes = 0;
    } else {
      this.#fail(`${this.#path()} is longer than ${MAX_SCALAR_BYTES} bytes`);
    }
  }

  #takeCaptured(): string | undefined {
    const captured = this.#captured;
    this.#captured = undefined;
    this.#capturedBytes = 0;
    return captured === undefined ? undefined : Buffer.concat(captured).toString("utf8");
  }

  #addMeasured(chunk: Buffer, from: number, to: number): void {
    if (this.#measure === undefined || to <= from) return;
    this.#measure.hash.update(chunk.subarray(from, to));
    this.#measure.bytes += to - from;
  }

  #endMeasure(chunk: Buffer, from: number, to: number): void {
    this.#addMeasured(chunk, from, to);
    if (this.#measure !== undefined && this.#message !== undefined) {
      this.#message.measured = {
        bytes: this.#measure.bytes,
        digest: this.#measure.hash.digest(),
      };
    }
    this.#measure = undefined;
  }

  #fail(why: string): void {
    this.#why ??= why;
  }
}

function sha256(): RollingHash {
  const rolling = createHash("sha256");
  return {
    update: (piece) => {
      rolling.update(piece);
    },
    digest: () => rolling.digest("hex"),
  };
}

/** Numbers, true, false, null; and NaN and Infinity, which some parsers take. */
function isLiteralByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a)
  );
}

function decodeString(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Equal for what Unicode simple folding makes equal, e.g. the long s and the Kelvin sign too. */
function fold(text: string): string {
  return text.toLowerCase().toUpperCase();
}
