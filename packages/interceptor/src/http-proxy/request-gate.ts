import type { ServerResponse } from "node:http";
import { asRequest, isObject, type JsonObject, type RequestId } from "../mcp/json-rpc.ts";
import type { DecidedFrame, FrameContext, McpTap } from "../mcp/mcp-tap.ts";
import { REFUSED_CODE } from "../mcp/refusal.ts";
import { EnvelopeScanner, type ScannedMessage } from "./json/envelope-scanner.ts";
import { type ErrorAnswer, refusedRequest, refusesOneTool, sendError, sendJson } from "./refusal.ts";
import { idOf } from "./response-tap.ts";

/**
 * Decides from a request's body whether it goes on. Whatever the size, a message is decided before the byte that ends it
 * is forwarded, and a body that two parsers could read differently is not forwarded at all.
 */
export type Judgement =
  /** `opened`: the requests that the tap now waits for. */
  { kind: "forward"; opened: RequestId[] } | { kind: "refuse"; why: "revoked" | "rejected"; send: Send };
type MaybeLater<T> = T | Promise<T>;
export type Send = (response: ServerResponse) => void;

export interface GateOptions {
  tap: McpTap;
  /** A body that is not JSON is refused: it goes to the MCP endpoint, or says that it is JSON. */
  strict: boolean;
  /** What the request says of one message. */
  context: (frame: unknown) => FrameContext;
}

/** Decides about a body that is held whole. A promise where a call in it waits for its verdict. */
export function judgeWhole(body: Buffer, options: GateOptions): Judgement | Promise<Judgement> {
  if (body.length === 0) return { kind: "forward", opened: [] };
  const scanner = new EnvelopeScanner();
  scanner.push(body);
  const scanned = scanner.finish();
  if (scanned.kind === "unreadable") {
    return options.strict ? unreadable(scanned.why) : { kind: "forward", opened: [] };
  }
  const unclear = scanned.messages.find((message) => message.ambiguous !== undefined);
  if (unclear !== undefined) return ambiguous(unclear);
  if (scanned.messages.every((message) => message.method === undefined))
    return { kind: "forward", opened: [] };
  let frame: unknown;
  try {
    frame = JSON.parse(body.toString("utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return options.strict ? unreadable("it is not JSON") : { kind: "forward", opened: [] };
  }
  return judgeFrame(frame, options);
}

/** @param argsBytes where something smaller stands for the arguments */
function judgeFrame(
  frame: unknown,
  { tap, context }: GateOptions,
  argsBytes?: number,
): Judgement | Promise<Judgement> {
  const verdict = tap.fromClient(frame, { ...context(frame), argsBytes });
  if (verdict.kind !== "hold") return judgementOf(frame, verdict, tap);
  return verdict.decided.then((decided) => judgementOf(frame, decided, tap));
}

function judgementOf(frame: unknown, verdict: DecidedFrame, tap: McpTap): Judgement {
  if (verdict.kind === "forward") return { kind: "forward", opened: idsOf(frame) };
  dropAll(tap, (verdict.rest ?? []).flatMap(idsOf));
  const [refusal] = verdict.refusals;
  if (refusal === undefined || refusesOneTool(refusal)) {
    const answer = Array.isArray(frame) ? batchAnswer(frame, verdict.answer) : verdict.answer;
    return { kind: "refuse", why: "revoked", send: (response) => sendJson(response, 200, answer) };
  }
  const id = isObject(frame) ? (asRequest(frame)?.id ?? null) : null;
  return refusedWith(refusedRequest(refusal), id);
}

/** Decides about a body as it streams: push each chunk before it is forwarded. */
export class StreamGate {
  readonly opened: RequestId[] = [];
  readonly #options: GateOptions;
  readonly #scanner = new EnvelopeScanner();
  #decided = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Null: the chunk may be forwarded. Push the next one when it is decided. */
  push(chunk: Buffer): MaybeLater<Judgement | null> {
    this.#scanner.push(chunk);
    if (!this.#scanner.readable) return this.#unreadable();
    return this.#decide();
  }

  /** After the last chunk. */
  end(): MaybeLater<Judgement | null> {
    return this.#scanner.finish().kind === "unreadable" ? this.#unreadable() : this.#decide();
  }

  /** The request is refused for another reason: whatever is known of its calls so far is recorded. */
  breakOff(): void {
    const { unfinished } = this.#scanner;
    if (unfinished?.method === "tools/call" && unfinished.id !== undefined) {
      const judgement = this.#judge(unfinished);
      if (!(judgement instanceof Promise) && judgement.kind === "forward")
        this.opened.push(...judgement.opened);
    }
    this.#giveUp();
  }

  #unreadable(): Judgement | null {
    const scanned = this.#scanner.finish();
    if (!this.#options.strict || scanned.kind !== "unreadable") return null;
    this.#giveUp();
    return unreadable(scanned.why);
  }

  #decide(): MaybeLater<Judgement | null> {
    const { complete } = this.#scanner;
    while (this.#decided < complete.length) {
      const message = complete[this.#decided];
      this.#decided += 1;
      if (message === undefined) break;
      const judgement = this.#judge(message);
      if (judgement instanceof Promise) return judgement.then((found) => this.#take(found) ?? this.#decide());
      const refused = this.#take(judgement);
      if (refused !== null) return refused;
    }
    return null;
  }

  #take(judgement: Judgement): Judgement | null {
    if (judgement.kind === "refuse") {
      this.#giveUp();
      return judgement;
    }
    this.opened.push(...judgement.opened);
    return null;
  }

  #judge(message: ScannedMessage): MaybeLater<Judgement> {
    if (message.ambiguous !== undefined) return ambiguous(message);
    if (message.method === undefined) return { kind: "forward", opened: [] };
    return judgeFrame(frameOf(message), this.#options, message.measured?.bytes);
  }

  #giveUp(): void {
    dropAll(this.#options.tap, this.opened.splice(0));
  }
}

/** A message whose arguments were too large to hold: their size and hash stand for them. */
function frameOf(message: ScannedMessage): JsonObject {
  const params: Record<string, unknown> = {};
  if (message.name !== undefined) params.name = message.name;
  if (message.measured !== undefined) {
    const { bytes, digest } = message.measured;
    params.arguments = { "tripline:streamed": { bytes, sha256: digest } };
  }
  const id = idOf(message);
  return { jsonrpc: "2.0", ...(id === undefined ? {} : { id }), method: message.method, params };
}

function idsOf(frame: unknown): RequestId[] {
  if (Array.isArray(frame)) return frame.flatMap(idsOf);
  const request = isObject(frame) ? asRequest(frame) : null;
  return request !== null && (request.method === "tools/call" || request.method === "tools/list")
    ? [request.id]
    : [];
}

/** Ends calls that the interceptor allowed, but whose request is refused all the same. */
export function dropAll(tap: McpTap, opened: readonly RequestId[]): void {
  const message = "not forwarded: the request it came in was refused";
  for (const id of opened) tap.answeredLarge(id, { outcome: "cancelled", message });
}

/** A batch is refused as a whole: each of its requests gets an error. */
function batchAnswer(frames: readonly unknown[], refused: unknown): unknown[] {
  const answers: unknown[] = Array.isArray(refused) ? [...refused] : [refused];
  const answered = new Set(answers.map((answer) => (isObject(answer) ? answer.id : undefined)));
  for (const frame of frames) {
    const request = isObject(frame) ? asRequest(frame) : null;
    if (request === null || answered.has(request.id)) continue;
    const message = "Not forwarded: another call of the same batch is refused by Tripline";
    answers.push({ jsonrpc: "2.0", id: request.id, error: { code: REFUSED_CODE, message } });
  }
  return answers;
}

function unreadable(why: string): Judgement {
  return rejected("TRIPLINE_PROXY_UNREADABLE", -32700, `Parse error: the body can't be read as JSON: ${why}`);
}

function ambiguous(message: ScannedMessage): Judgement {
  return rejected(
    "TRIPLINE_PROXY_AMBIGUOUS",
    -32600,
    `Invalid Request: a message can be read in two ways: ${message.ambiguous ?? "unknown"}`,
  );
}

function rejected(code: ErrorAnswer["code"], rpcCode: number, message: string): Judgement {
  const answer: ErrorAnswer = { status: 400, code, rpcCode, message };
  return { kind: "refuse", why: "rejected", send: (response) => sendError(response, answer) };
}

function refusedWith(answer: ErrorAnswer, id: RequestId | null): Judgement {
  return { kind: "refuse", why: "revoked", send: (response) => sendError(response, answer, id) };
}
