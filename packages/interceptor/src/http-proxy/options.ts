import type { OnWarning } from "../core/warnings.ts";
import type { Caller, Interceptor, Refusal, Session } from "../interceptor.ts";
import type { IdentityProvider } from "./identity/identity.ts";

/** What the proxy asks of the deny list for requests that are no tool calls, and for streams that are open already. */
export interface AccessCheck {
  /** The live revocation that refuses this caller, session or server as a whole, or null. From memory. */
  refusal(subject: { caller: Caller; session: Session; server: string }): Refusal | null;
  /** Calls `listener` after every change that may refuse more than before. Returns how to end that. */
  onChange(listener: () => void): () => void;
}

export interface HttpProxyOptions {
  /** Port 0 takes a free one. `host` is 127.0.0.1 unless given. */
  listen: { host?: string | undefined; port: number };
  /** The server's MCP endpoint. All other paths of its origin are forwarded too, one to one. */
  upstream: string | URL;
  /** The server's name, as policies and revocations know it. */
  server: string;
  interceptor: Interceptor;
  /** Asked in this order; the first that knows the caller names it. None: every caller is unknown. */
  identity?: readonly IdentityProvider[] | undefined;
  /** Refuses requests of nobody known with 401. Otherwise they are forwarded and recorded as `unknown`. */
  requireIdentity?: boolean | undefined;
  /** Without it only tool calls are refused, by the interceptor. */
  access?: AccessCheck | undefined;
  /** Where clients reach the MCP endpoint through this proxy. OAuth resource metadata is rewritten to name it. */
  publicUrl?: string | URL | undefined;
  environment?: string | undefined;
  /** Name of the service behind the server, for the record. */
  upstreamName?: string | undefined;
  /**
   * Which Host the server sees: the client's (so that its own DNS-rebinding check works), or the server's own (virtual
   * hosts need that), and then the proxy checks the client's Host itself. Default: the client's when the server is on
   * this machine, else the server's.
   */
  hostHeader?: "client" | "upstream" | undefined;
  onWarning?: OnWarning | undefined;
}

/** Counters since the start. */
export interface HttpProxyStats {
  requests: number;
  /** Refused because of a revocation. */
  refused: number;
  /** Refused because they could be read in two ways, or not at all. */
  rejected: number;
  notIdentified: number;
  upstreamErrors: number;
  /** Requests that are being answered, streams included. */
  open: number;
}

export interface HttpProxy {
  readonly name: string;
  start(): Promise<void>;
  /** Ends streams, lets other requests end for a few seconds, and lets go. */
  stop(): Promise<void>;
  /** Where the MCP endpoint is, through the proxy. Throws before `start`. */
  readonly url: string;
  stats(): HttpProxyStats;
  health(): { state: "starting" | "ready" | "degraded" | "failed" | "stopped"; detail?: string };
}
