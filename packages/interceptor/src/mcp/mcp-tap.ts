import type { KeyedHasher } from "@tripline/events";
import type {
  CallEnd,
  Caller,
  Decided,
  Interceptor,
  OpenCall,
  Refusal,
  Session,
  Target,
} from "../interceptor.ts";
import {
  answeredId,
  asRequest,
  idKey,
  isObject,
  type JsonObject,
  type JsonRpcError,
  type RequestFrame,
  type RequestId,
} from "./json-rpc.ts";
import { traceOf } from "./meta.ts";
import { refusalAnswer } from "./refusal.ts";
import { endOfResult } from "./result-text.ts";
import { ToolPages } from "./tool-pages.ts";

const MAX_PENDING = 10_000; // requests without an answer on one connection; beyond, the oldest counts as in doubt

export interface McpTapOptions {
  interceptor: Interceptor;
  /** The server's name, as policies and revocations know it. */
  server: string;
  transport: NonNullable<Target["transport"]>;
  /** Who calls, unless the frame's context says better. */
  caller: Caller;
  session?: Session | undefined;
  upstream?: string | undefined;
  upstreamEnv?: string | undefined;
  environment?: string | undefined;
}

/** What the transport knows of one frame. */
export interface FrameContext {
  caller?: Caller | undefined;
  session?: Session | undefined;
  /** Aborts when the caller gives this request up. */
  signal?: AbortSignal | undefined;
  /** Size of the call's arguments as JSON in bytes, where something smaller stands for them. */
  argsBytes?: number | undefined;
  /** Whether the transport can keep the frame back for a while. */
  canWait?: boolean | undefined;
}

export type FrameVerdict =
  | DecidedFrame
  /** Where the context `canWait`: neither forward nor answer before it is decided. */
  | { kind: "hold"; decided: Promise<DecidedFrame> };

export type DecidedFrame =
  | { kind: "forward" }
  | {
      kind: "refuse";
      /** What to answer in the server's place: an array when the frame was a batch. */
      answer: JsonRpcError | JsonRpcError[];
      refusals: Refusal[];
      /** The rest of a batch, to be forwarded in the frame's place; null when nothing is left. */
      rest: JsonObject[] | null;
    };

const FORWARD: DecidedFrame = { kind: "forward" };

type Pending = {
  method: "tools/call" | "tools/list";
  params: JsonObject;
  caller: Caller;
  session: Session;
  call: OpenCall | null;
  signal: AbortSignal | undefined;
};

/**
 * Finds tool calls in the frames of one MCP connection (one session, or one exchange where there are none) and hands
 * them to the interceptor. Both protocol generations; batches; frames are never changed. Never throws.
 */
export class McpTap {
  readonly #options: McpTapOptions;
  readonly #target: Target & { server: string };
  /** Requests of the client by id; several under one id when a client uses it twice, answered in order. */
  readonly #pending = new Map<string, Pending[]>();
  readonly #pages = new ToolPages();
  #pendingCount = 0;
  #clientLabel: string | undefined;
  readonly #labelled = new WeakMap<Caller, Caller>();

  constructor(options: McpTapOptions) {
    this.#options = options;
    this.#target = {
      server: options.server,
      upstream: options.upstream,
      upstream_env: options.upstreamEnv,
      transport: options.transport,
      environment: options.environment,
    };
  }

  /** Requests of the client that have no answer yet. */
  get open(): number {
    return this.#pendingCount;
  }

  /** A parsed frame on its way to the server. Call it before forwarding, and do what the verdict says. */
  fromClient(frame: unknown, context: FrameContext = {}): FrameVerdict {
    if (Array.isArray(frame)) return this.#batchFromClient(frame, context);
    if (!isObject(frame)) return FORWARD;
    const request = asRequest(frame);
    if (request === null) {
      if (frame.method === "notifications/cancelled" && isObject(frame.params)) this.#cancelled(frame.params);
      return FORWARD;
    }
    const refusal = this.#request(request, context);
    if (!(refusal instanceof Promise)) return verdictOf(request.id, refusal);
    return { kind: "hold", decided: refusal.then((found) => verdictOf(request.id, found)) };
  }

  /** A parsed frame on its way to the client. @param bytes its size, where it came as text */
  fromServer(frame: unknown, bytes?: number): void {
    if (Array.isArray(frame)) {
      for (const member of frame) this.fromServer(member);
      return;
    }
    if (!isObject(frame)) return;
    const id = answeredId(frame);
    if (id === null) return;
    const pending = this.#take(id);
    if (pending === null) return;
    if (pending.method === "tools/list") this.#listed(pending, frame);
    else pending.call?.end(endOfAnswer(frame, bytes));
  }

  /** An answer too large to be parsed: see `scanLargeFrame`. False when it has to be parsed, as a listing. */
  answeredLarge(id: RequestId, end: CallEnd): boolean {
    const waiting = this.#pending.get(idKey(id))?.[0];
    if (waiting?.method === "tools/list") return false;
    this.#take(id)?.call?.end(end);
    return true;
  }

  /** Measures an answer that is too large to be held: see `CallEnd`'s `wholeDigest`. */
  keyedHasher(): KeyedHasher {
    return this.#options.interceptor.keyedHasher();
  }

  /** The request could not be handed to the server, as far as the transport knows. */
  notSent(id: RequestId, message: string): void {
    this.#take(id)?.call?.end({ outcome: "protocol_error", errorCode: "transport", message });
  }

  /** The client gave a request up without a frame (HTTP, protocol 2026-07-28). */
  givenUp(id: RequestId, reason?: string): void {
    this.#take(id)?.call?.end(endOfCancellation(reason));
  }

  /** The connection is gone: calls without an answer are in doubt. */
  closed(message = "the connection ended before the answer"): void {
    for (const waiting of this.#pending.values()) {
      for (const { call, signal } of waiting) {
        call?.end(signal?.aborted === true ? endOfCancellation(undefined) : { outcome: "in_doubt", message });
      }
    }
    this.#pending.clear();
    this.#pendingCount = 0;
  }

  #batchFromClient(frames: unknown[], context: FrameContext): FrameVerdict {
    const decided: DecidedFrame[] = [];
    const waiting: Promise<void>[] = [];
    for (const [at, frame] of frames.entries()) {
      const verdict = this.fromClient(frame, { ...context, argsBytes: undefined });
      if (verdict.kind !== "hold") decided[at] = verdict;
      else {
        waiting.push(
          verdict.decided.then((found) => {
            decided[at] = found;
          }),
        );
      }
    }
    if (waiting.length === 0) return batchVerdict(frames, decided);
    return { kind: "hold", decided: Promise.all(waiting).then(() => batchVerdict(frames, decided)) };
  }

  #request(request: RequestFrame, context: FrameContext): Refusal | null | Promise<Refusal | null> {
    const { id, method, params } = request;
    this.#noteClient(method, params);
    if (method !== "tools/call" && method !== "tools/list") return null;
    const caller = this.#labelledCaller(context.caller ?? this.#options.caller);
    const session = this.#session(params, context);
    const pending: Pending = { method, params, caller, session, call: null, signal: context.signal };
    let decided: Promise<Decided> | null = null;
    if (method === "tools/call") {
      const verdict = this.#options.interceptor.begin({
        caller,
        session,
        target: { ...this.#target, tool: typeof params.name === "string" ? params.name : "" },
        method,
        args: params.arguments,
        argsBytes: context.argsBytes,
        signal: context.signal,
        canWait: context.canWait,
      });
      if (verdict.kind === "deny") return verdict.refusal;
      if (verdict.kind === "hold") decided = verdict.decided;
      pending.call = verdict.call;
    }
    this.#remember(id, pending);
    if (context.signal !== undefined) this.#dropWhenAborted(id, pending, context.signal);
    if (decided === null) return null;
    return decided.then((found) => {
      if (found.kind === "allow") return null;
      this.#take(id, pending); // nobody will answer it
      return found.refusal;
    });
  }

  /** The interceptor ends the call itself when the signal aborts; here only the pairing is forgotten. */
  #dropWhenAborted(id: RequestId, pending: Pending, signal: AbortSignal): void {
    signal.addEventListener(
      "abort",
      () => {
        const waiting = this.#pending.get(idKey(id));
        if (waiting?.includes(pending) === true) this.#take(id, pending);
      },
      { once: true },
    );
  }

  #remember(id: RequestId, pending: Pending): void {
    if (this.#pendingCount >= MAX_PENDING) this.#forgetOldest();
    const key = idKey(id);
    const waiting = this.#pending.get(key);
    if (waiting === undefined) this.#pending.set(key, [pending]);
    else waiting.push(pending);
    this.#pendingCount += 1;
  }

  #take(id: RequestId, which?: Pending): Pending | null {
    const key = idKey(id);
    const waiting = this.#pending.get(key);
    if (waiting === undefined) return null;
    const at = which === undefined ? 0 : waiting.indexOf(which);
    const [pending] = at < 0 ? [] : waiting.splice(at, 1);
    if (waiting.length === 0) this.#pending.delete(key);
    if (pending === undefined) return null;
    this.#pendingCount -= 1;
    return pending;
  }

  #forgetOldest(): void {
    for (const [key, waiting] of this.#pending) {
      for (const { call } of waiting) call?.end({ outcome: "in_doubt", message: "too many calls are open" });
      this.#pendingCount -= waiting.length;
      this.#pending.delete(key);
      return;
    }
  }

  #cancelled(params: JsonObject): void {
    const { requestId, reason } = params;
    if (typeof requestId !== "string" && typeof requestId !== "number") return;
    this.givenUp(requestId, typeof reason === "string" ? reason : undefined);
  }

  #listed(pending: Pending, frame: JsonObject): void {
    if (!isObject(frame.result) || !Array.isArray(frame.result.tools)) return;
    const tools = (frame.result.tools as unknown[]).filter(isObject);
    const cursor = pending.params.cursor;
    const next = frame.result.nextCursor;
    const page = this.#pages.add(
      typeof cursor === "string" ? cursor : null,
      tools,
      typeof next === "string" ? next : null,
    );
    this.#options.interceptor.listed({
      caller: pending.caller,
      session: pending.session,
      target: this.#target,
      tools: page.tools,
      complete: page.complete,
    });
  }

  #session(params: JsonObject, context: FrameContext): Session {
    const known = context.session ?? this.#options.session;
    const trace = traceOf(params._meta);
    if (trace === null) return known ?? {};
    return { ...trace, ...known };
  }

  /** `clientInfo` is what a client says of itself: a label, and only where nobody named the client better. */
  #noteClient(method: string, params: JsonObject): void {
    const info =
      method === "initialize"
        ? params.clientInfo
        : isObject(params._meta)
          ? params._meta["io.modelcontextprotocol/clientInfo"]
          : undefined;
    if (!isObject(info) || typeof info.name !== "string") return;
    this.#clientLabel = typeof info.version === "string" ? `${info.name} ${info.version}` : info.name;
  }

  #labelledCaller(caller: Caller): Caller {
    if (caller.client !== undefined || this.#clientLabel === undefined) return caller;
    const known = this.#labelled.get(caller);
    if (known?.client === this.#clientLabel) return known;
    const labelled = { ...caller, client: this.#clientLabel };
    this.#labelled.set(caller, labelled);
    return labelled;
  }
}

function verdictOf(id: RequestId, refusal: Refusal | null): DecidedFrame {
  if (refusal === null) return FORWARD;
  return { kind: "refuse", answer: refusalAnswer(id, refusal), refusals: [refusal], rest: null };
}

function batchVerdict(frames: readonly unknown[], decided: readonly DecidedFrame[]): DecidedFrame {
  const answers: JsonRpcError[] = [];
  const refusals: Refusal[] = [];
  const rest: JsonObject[] = [];
  for (const [at, verdict] of decided.entries()) {
    if (verdict.kind === "forward") rest.push(frames[at] as JsonObject);
    else {
      answers.push(...(Array.isArray(verdict.answer) ? verdict.answer : [verdict.answer]));
      refusals.push(...verdict.refusals);
    }
  }
  if (answers.length === 0) return FORWARD;
  return { kind: "refuse", answer: answers, refusals, rest: rest.length > 0 ? rest : null };
}

function endOfAnswer(frame: JsonObject, bytes: number | undefined): CallEnd {
  if (isObject(frame.result)) return endOfResult(frame.result, bytes);
  const error = isObject(frame.error) ? frame.error : {};
  return {
    outcome: "protocol_error",
    errorCode: String(error.code ?? "none"),
    message: typeof error.message === "string" ? error.message : "",
  };
}

/** SDKs cancel on a timeout of their own, and say so in the reason only. */
function endOfCancellation(reason: string | undefined): CallEnd {
  const timedOut = reason !== undefined && /timed? ?-?out|-32001/i.test(reason);
  return { outcome: timedOut ? "timeout" : "cancelled", message: reason };
}
