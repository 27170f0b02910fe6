import { InOrder } from "../core/in-order.ts";
import type { Caller, Interceptor, Session } from "../interceptor.ts";
import { asRequest, isObject, type RequestId } from "../mcp/json-rpc.ts";
import { type DecidedFrame, type FrameContext, McpTap } from "../mcp/mcp-tap.ts";
import { callerOf, sessionIdOf } from "./identity.ts";

/** Any MCP transport of any SDK: nothing but its shape is known here. */
export interface TransportLike {
  send(message: unknown, options?: unknown): Promise<void>;
}

export interface WrapOptions {
  interceptor: Interceptor;
  /** The server's name, as policies and revocations know it. */
  server: string;
  /** Which side of the connection this transport serves. */
  role: "client" | "server";
  /**
   * Who calls. On the server side `authInfo`, where the SDK has verified a token, goes before it.
   * Default: nobody known.
   */
  caller?: Caller | undefined;
  /** Default: `http` where the transport has a session or requests, else `in_process`. */
  transport?: "stdio" | "http" | "in_process" | undefined;
  /** Turns the SDK's `extra` of a request into a caller; null: the default. */
  identify?: ((extra: unknown) => Caller | null) | undefined;
  upstream?: string | undefined;
  environment?: string | undefined;
}

type Handler = (message: unknown, extra?: unknown) => void;
type CloseHandler = () => void;

const UNKNOWN_CALLER: Caller = { assurance: "unknown" };

/**
 * The same transport with a tap in it. A JavaScript Proxy, because SDKs look for hidden members, assign methods and
 * compare prototypes; getters return what the SDK stored, because it chains the handlers it finds.
 */
export function wrapTransport<T extends TransportLike>(transport: T, options: WrapOptions): T {
  const tapped = new TappedTransport(transport, options);
  const bound = new Map<unknown, unknown>();
  return new Proxy(transport, {
    get(target, property) {
      if (property === "send") return tapped.send;
      if (property === "onmessage") return tapped.onmessage;
      if (property === "onclose") return tapped.onclose;
      const value: unknown = Reflect.get(target, property, target);
      // Methods run on the real transport, whose private members a Proxy does not have.
      if (typeof value !== "function" || property === "constructor") return value;
      let method = bound.get(value);
      if (method === undefined) {
        method = value.bind(target);
        bound.set(value, method);
      }
      return method;
    },
    set(target, property, value) {
      if (property === "onmessage") return tapped.setOnmessage(value);
      if (property === "onclose") return tapped.setOnclose(value);
      return Reflect.set(target, property, value, target);
    },
  });
}

class TappedTransport {
  readonly #target: TransportLike;
  readonly #options: WrapOptions;
  readonly #tap: McpTap;
  readonly #order = new InOrder();
  /** What the SDK stored; at first what was there before it came. */
  onmessage: unknown;
  onclose: unknown;

  constructor(target: TransportLike, options: WrapOptions) {
    this.#target = target;
    this.#options = options;
    this.onmessage = Reflect.get(target, "onmessage");
    this.onclose = Reflect.get(target, "onclose");
    this.#tap = new McpTap({
      interceptor: options.interceptor,
      server: options.server,
      transport: options.transport ?? ("sessionId" in target ? "http" : "in_process"),
      caller: options.caller ?? UNKNOWN_CALLER,
      upstream: options.upstream,
      environment: options.environment,
    });
  }

  setOnmessage(handler: unknown): boolean {
    this.onmessage = handler;
    const received: Handler = (message, extra) => this.#received(message, extra);
    return Reflect.set(this.#target, "onmessage", typeof handler === "function" ? received : handler);
  }

  setOnclose(handler: unknown): boolean {
    this.onclose = handler;
    const closed: CloseHandler = () => {
      this.#tap.closed();
      if (typeof handler === "function") handler();
    };
    return Reflect.set(this.#target, "onclose", closed);
  }

  readonly send = async (message: unknown, options?: unknown): Promise<void> => {
    if (this.#options.role === "server") {
      this.#tap.fromServer(message); // first: a transport for one request closes within `send`
      await this.#target.send(message, options);
      return;
    }
    const verdict = this.#tap.fromClient(message, this.#context(options));
    if (verdict.kind !== "hold" && this.#order.isIdle) await this.#sendAs(verdict, message, options);
    else {
      const decided = verdict.kind === "hold" ? verdict.decided : verdict;
      await this.#order.add(decided, (found) => this.#sendAs(found, message, options));
    }
  };

  async #sendAs(verdict: DecidedFrame, message: unknown, options: unknown): Promise<void> {
    if (verdict.kind === "forward") {
      await this.#forward(message, options);
      return;
    }
    if (verdict.rest !== null) await this.#forward(verdict.rest, options);
    // The answer comes as the server's would: after `send` has returned.
    setImmediate(() => this.#deliver(verdict.answer, undefined));
  }

  async #forward(message: unknown, options: unknown): Promise<void> {
    try {
      await this.#target.send(message, options);
    } catch (error) {
      const id = isObject(message) ? asRequest(message)?.id : undefined;
      if (id !== undefined) this.#tap.notSent(id, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  #received(message: unknown, extra: unknown): void {
    if (this.#options.role === "client") {
      this.#tap.fromServer(message);
      this.#deliver(message, extra);
      return;
    }
    const verdict = this.#tap.fromClient(message, this.#context(extra));
    if (verdict.kind !== "hold" && this.#order.isIdle) this.#receivedAs(verdict, message, extra);
    else {
      const decided = verdict.kind === "hold" ? verdict.decided : verdict;
      void this.#order.add(decided, (found) => this.#receivedAs(found, message, extra));
    }
  }

  #receivedAs(verdict: DecidedFrame, message: unknown, extra: unknown): void {
    if (verdict.kind === "forward") {
      this.#deliver(message, extra);
      return;
    }
    if (verdict.rest !== null) this.#deliver(verdict.rest, extra);
    for (const answer of [verdict.answer].flat()) void this.#answer(answer, answer.id);
  }

  #deliver(message: unknown, extra: unknown): void {
    if (typeof this.onmessage !== "function") return;
    if (Array.isArray(message)) for (const member of message) this.onmessage(member, extra);
    else this.onmessage(message, extra);
  }

  async #answer(answer: unknown, id: RequestId | null): Promise<void> {
    try {
      await this.#target.send(answer, { relatedRequestId: id });
    } catch (error) {
      const onerror: unknown = Reflect.get(this.#target, "onerror");
      if (typeof onerror === "function") onerror(error);
    }
  }

  /** @param source the SDK's `extra` on the server side, its send options on the client side */
  #context(source: unknown): FrameContext {
    const known = isObject(source) ? source : {};
    const own = this.#options.role === "server" ? this.#identify(source) : undefined;
    const sessionId = sessionIdOf(this.#target, known);
    const session: Session | undefined =
      sessionId === undefined ? undefined : { id: sessionId, source: "mcp" };
    return { caller: own, session, signal: signalOf(known), canWait: true };
  }

  #identify(extra: unknown): Caller | undefined {
    const given = this.#options.identify?.(extra);
    return given ?? callerOf(extra) ?? undefined;
  }
}

/** Where protocol 2026-07-28 sends no cancellation: the HTTP request's own signal, or the client's for this request. */
function signalOf(known: Readonly<Record<string, unknown>>): AbortSignal | undefined {
  if (known.requestSignal instanceof AbortSignal) return known.requestSignal;
  const request = known.request;
  if (typeof request === "object" && request !== null && "signal" in request) {
    return request.signal instanceof AbortSignal ? request.signal : undefined;
  }
  return undefined;
}
