import { TriplineError } from "@tripline/events";
import { type TransportLike, type WrapOptions, wrapTransport } from "./wrap-transport.ts";

/** What the SDKs' Client, Server and McpServer have in common, by shape. */
export interface ConnectableLike {
  connect(transport: never, ...rest: never[]): Promise<unknown>;
}

export type InstrumentOptions = Omit<WrapOptions, "role"> & {
  /** Default: `server` for what registers tools or handles their calls, else `client`. */
  role?: "client" | "server" | undefined;
};

/**
 * Puts a tap into every connection that this Client, Server or McpServer makes from now on, whoever makes it: also
 * those that an SDK's HTTP handler builds for each request. Call it before `connect`, or in the handler's factory.
 * Returns its argument.
 * @throws TriplineError TRIPLINE_INSTRUMENT when the object has no `connect`
 */
export function instrument<T extends object>(target: T, options: InstrumentOptions): T {
  const lowest = lowestConnectable(target);
  const connect: unknown = Reflect.get(lowest, "connect");
  if (typeof connect !== "function") {
    throw new TriplineError(
      "TRIPLINE_INSTRUMENT",
      "instrument() needs a Client, Server or McpServer of an MCP SDK; for anything else use wrapTransport() or wrapTool()",
    );
  }
  const role = options.role ?? (isServer(lowest) ? "server" : "client");
  const tapped = (transport: TransportLike, ...rest: unknown[]): unknown =>
    Reflect.apply(connect, lowest, [wrapTransport(transport, { ...options, role }), ...rest]);
  Object.defineProperty(lowest, "connect", { value: tapped, configurable: true, writable: true });
  return target;
}

/** An McpServer hands its transport on to the Server inside; v2's HTTP handler asks that one directly. */
function lowestConnectable(target: object): object {
  const inner: unknown = Reflect.get(target, "server");
  return typeof inner === "object" && inner !== null && typeof Reflect.get(inner, "connect") === "function"
    ? inner
    : target;
}

function isServer(target: object): boolean {
  return typeof Reflect.get(target, "getClientCapabilities") === "function";
}
