import { TriplineError } from "@tripline/events";
import type {
  CallEnd,
  Caller,
  Decided,
  Interceptor,
  OpenCall,
  Refusal,
  Session,
  Verdict,
} from "../interceptor.ts";
import { isObject } from "../mcp/json-rpc.ts";
import { endOfResult } from "../mcp/result-text.ts";

export interface WrapToolOptions {
  interceptor: Interceptor;
  /** What the tool belongs to, in place of an MCP server's name. */
  server: string;
  /** Who calls: the same for all calls, or found out for each. */
  caller: Caller | (() => Caller);
  session?: Session | (() => Session) | undefined;
  upstream?: string | undefined;
  environment?: string | undefined;
}

/** Thrown in place of a refused call. Do not turn it into a tool result: a model would try again. */
export class CallRefusedError extends TriplineError {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super("TRIPLINE_CALL_REFUSED", `refused by Tripline: ${refusal.reason}`);
    this.refusal = refusal;
  }
}

/**
 * The same function, recorded and refusable. Its first argument is what is recorded as the arguments. Promises and
 * async generators end the call when they end. @throws CallRefusedError (asynchronous functions reject with it)
 *
 * Calls that wait for a verdict do so where `tool` is declared `async`: what a plain function returns must be there at once.
 */
export function wrapTool<A extends unknown[], R>(
  name: string,
  tool: (...args: A) => R,
  options: WrapToolOptions,
): (...args: A) => R {
  const isAsync = isAsyncFunction(tool);
  return wrapped(name, tool, options, { rejects: isAsync, canWait: isAsync });
}

function wrapped<A extends unknown[], R>(
  name: string,
  tool: (...args: A) => R,
  options: WrapToolOptions,
  { rejects, canWait }: { rejects: boolean; canWait: boolean },
): (...args: A) => R {
  return function wrapped(this: unknown, ...args: A): R {
    const verdict = begin(name, args[0], options, canWait);
    if (verdict.kind === "deny") {
      const refused = new CallRefusedError(verdict.refusal);
      if (rejects) return Promise.reject(refused) as R;
      throw refused;
    }
    const { call } = verdict;
    const run = (): R => {
      try {
        return following(Reflect.apply(tool, this, args), call);
      } catch (error) {
        call.end(endOfThrown(error));
        throw error;
      }
    };
    return verdict.kind === "allow" ? run() : (afterVerdict(verdict.decided, run) as R);
  };
}

async function afterVerdict<R>(decided: Promise<Decided>, run: () => R): Promise<Awaited<R>> {
  const found = await decided;
  if (found.kind === "deny") throw new CallRefusedError(found.refusal);
  return await run();
}

/** Where agent SDKs keep a tool's function. `invoke` before `execute`: some turn what `execute` throws into text for the model. */
const FUNCTION_KEYS = ["invoke", "execute", "func", "run"] as const;

/**
 * The same tool object with its function wrapped in place (Vercel AI SDK, LangChain, OpenAI Agents, Anthropic, …).
 * @param name default: the tool's own `name`
 * @throws TriplineError TRIPLINE_INSTRUMENT when no function is found
 */
export function wrapToolObject<T extends object>(tool: T, options: WrapToolOptions & { name?: string }): T {
  const own: unknown = Reflect.get(tool, "name");
  const name = options.name ?? (typeof own === "string" ? own : undefined);
  const key = FUNCTION_KEYS.find((candidate) => typeof Reflect.get(tool, candidate) === "function");
  if (key === undefined || name === undefined) {
    throw new TriplineError(
      "TRIPLINE_INSTRUMENT",
      `wrapToolObject() found no ${name === undefined ? "name" : FUNCTION_KEYS.join(", ")} on the tool; use wrapTool() on its function`,
    );
  }
  const inner: unknown = Reflect.get(tool, key);
  if (typeof inner !== "function") return tool;
  const call = function call(this: unknown, ...args: unknown[]): unknown {
    return Reflect.apply(inner, this, args);
  };
  // SDKs await what these functions return; a generator they have to get at once.
  const value = wrapped(name, call, options, {
    rejects: isAsyncFunction(inner),
    canWait: !GENERATOR.test(tagOf(inner)),
  });
  Object.defineProperty(tool, key, { value, configurable: true, enumerable: true, writable: true });
  return tool;
}

const GENERATOR = /Generator/;

function tagOf(tool: unknown): string {
  return Object.prototype.toString.call(tool);
}

function isAsyncFunction(tool: unknown): boolean {
  return tagOf(tool) === "[object AsyncFunction]";
}

function begin(name: string, args: unknown, options: WrapToolOptions, canWait: boolean): Verdict {
  const { caller, session } = options;
  return options.interceptor.begin({
    caller: typeof caller === "function" ? caller() : caller,
    session: (typeof session === "function" ? session() : session) ?? {},
    target: {
      server: options.server,
      tool: name,
      upstream: options.upstream,
      transport: "in_process",
      environment: options.environment,
    },
    method: "tools/call",
    args: typeof args === "string" ? parsed(args) : args,
    canWait,
  });
}

/** Some SDKs hand a tool its arguments as JSON text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function following<R>(result: R, call: OpenCall): R {
  if (isAsyncGenerator(result)) return followGenerator(result, call) as R;
  if (isThenable(result)) {
    return result.then(
      (value: unknown) => {
        call.end(endOfValue(value));
        return value;
      },
      (error: unknown) => {
        call.end(endOfThrown(error));
        throw error;
      },
    ) as R;
  }
  call.end(endOfValue(result));
  return result;
}

async function* followGenerator(
  source: AsyncGenerator<unknown, unknown, unknown>,
  call: OpenCall,
): AsyncGenerator<unknown, unknown, unknown> {
  let last: unknown;
  let finished = false;
  try {
    for (;;) {
      const step = await source.next();
      if (step.done === true) {
        finished = true;
        call.end(endOfValue(step.value ?? last));
        return step.value;
      }
      last = step.value;
      yield step.value;
    }
  } catch (error) {
    finished = true;
    call.end(endOfThrown(error));
    throw error;
  } finally {
    if (!finished) {
      call.end({ outcome: "cancelled", message: "the caller stopped reading" });
      await source.return(undefined);
    }
  }
}

function isAsyncGenerator(value: unknown): value is AsyncGenerator<unknown, unknown, unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value && "next" in value;
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** MCP results are read as such, anything else as its JSON. */
function endOfValue(value: unknown): CallEnd {
  if (isObject(value) && Array.isArray(value.content)) return safeEnd(() => endOfResult(value));
  return safeEnd(() => {
    const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
    return {
      outcome: "ok",
      text,
      bytes: Buffer.byteLength(text),
      items: Array.isArray(value) ? value.length : 1,
    };
  });
}

function safeEnd(read: () => CallEnd): CallEnd {
  try {
    return read();
  } catch {
    return { outcome: "ok", text: "⟨unreadable⟩", bytes: 0, items: 1 }; // cycles and BigInts: the tool itself went well
  }
}

function endOfThrown(error: unknown): CallEnd {
  if (error instanceof Error && error.name === "AbortError")
    return { outcome: "cancelled", message: error.message };
  const text = error instanceof Error ? error.message : String(error);
  return { outcome: "tool_error", text, bytes: Buffer.byteLength(text), items: 0 };
}
