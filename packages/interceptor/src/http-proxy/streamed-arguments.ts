import type { CallStart, Interceptor, Verdict } from "../interceptor.ts";

/** Arguments that were too large to hold, as the record has them. */
export interface StreamedArguments {
  "tripline:streamed": { bytes: number; sha256: string };
}

const sizes = new WeakMap<object, number>();

/** @param measured size and SHA-256 (hex) of the arguments' JSON text */
export function standInFor(measured: StreamedArguments["tripline:streamed"]): StreamedArguments {
  const standIn = { "tripline:streamed": measured };
  sizes.set(standIn, measured.bytes);
  return standIn;
}

/**
 * Tells the interceptor the real size of such arguments. A client's own object of the same form is only that.
 * Everything but `begin` is the interceptor's own.
 */
export function withStreamedSizes(interceptor: Interceptor): Interceptor {
  const begin = (start: CallStart): Verdict => interceptor.begin(sized(start));
  return new Proxy(interceptor, {
    get(target, key) {
      if (key === "begin") return begin;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function sized(start: CallStart): CallStart {
  const { args } = start;
  const argsBytes = typeof args === "object" && args !== null ? sizes.get(args) : undefined;
  return argsBytes === undefined ? start : { ...start, argsBytes };
}
