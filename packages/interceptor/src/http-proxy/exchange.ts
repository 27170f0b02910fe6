import type { IncomingMessage, ServerResponse } from "node:http";
import type { Caller, Refusal, Session } from "../interceptor.ts";
import type { RequestId } from "../mcp/json-rpc.ts";
import type { McpTap } from "../mcp/mcp-tap.ts";
import { refusedRequest, sendError } from "./refusal.ts";
import type { Send } from "./request-gate.ts";
import type { ResponseTap } from "./response-tap.ts";

const RESUME_MS = 10 * 60_000; // as long as an intent waits for its call; a client that comes back does so in seconds

/** How a request's exchange with the server ended. */
export type ExchangeEnd =
  /** The server answered to the end. */
  | { kind: "complete"; status: number }
  | { kind: "client_gone" }
  /** No connection, so the server has not seen the request. */
  | { kind: "unreachable" }
  /** The connection broke after the request was on its way. */
  | { kind: "upstream_broke" }
  | { kind: "revoked"; reason: string }
  | { kind: "stopping" };

/**
 * One request on its way through: who sent it, which calls it opened, and what ends it. Ends once, whoever ends it, and
 * then each call it opened has an end, unless the client may come back for its answer.
 */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Everybody whose credential the request carries; never empty. */
  readonly callers: readonly Caller[];
  readonly session: Session;
  tap: McpTap | null = null;
  opened: readonly RequestId[] = [];
  responseTap: ResponseTap | null = null;
  ended = false;
  #abort: ((error?: Error) => void) | null = null;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    callers: readonly Caller[],
    session: Session,
  ) {
    this.request = request;
    this.response = response;
    this.callers = callers;
    this.session = session;
  }

  /** The server's side is connected; `abort` lets go of it. */
  connected(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.ended) abort();
  }

  /** Refused while it runs: the client gets a refusal where it has no headers yet, else the stream breaks off. */
  revoke(refusal: Refusal): void {
    this.finish({ kind: "revoked", reason: refusal.reason });
    this.breakOff((response) => sendError(response, refusedRequest(refusal)));
  }

  /** Answers with `send` where nothing was sent yet, else cuts the response so that it can't look complete. */
  breakOff(send: Send): void {
    if (this.response.headersSent) this.response.destroy();
    else send(this.response);
  }

  /** Ends the exchange, and the server's side of it unless that ended by itself. */
  finish(end: ExchangeEnd): void {
    if (this.ended) return;
    this.ended = true;
    if (end.kind !== "complete") this.#abort?.();
    const { tap, responseTap } = this;
    if (tap === null) return;
    const settle = (): void => this.#settle(tap, end);
    if (responseTap === null) settle();
    else responseTap.end(settle);
  }

  #settle(tap: McpTap, end: ExchangeEnd): void {
    const mayResume = this.session.source === "mcp" && this.responseTap?.resumable === true;
    if (mayResume && end.kind !== "revoked" && end.kind !== "stopping") {
      setTimeout(() => this.#endCalls(tap, end), RESUME_MS).unref();
      return;
    }
    this.#endCalls(tap, end);
  }

  /** Calls that were answered meanwhile have their end already. */
  #endCalls(tap: McpTap, end: ExchangeEnd): void {
    for (const id of this.opened) {
      if (end.kind === "client_gone") tap.givenUp(id, "the client disconnected");
      else tap.answeredLarge(id, callEndOf(end));
    }
  }
}

function callEndOf(end: ExchangeEnd): Parameters<McpTap["answeredLarge"]>[1] {
  switch (end.kind) {
    case "complete":
      return end.status >= 400
        ? { outcome: "protocol_error", errorCode: `http_${end.status}`, message: `HTTP status ${end.status}` }
        : { outcome: "in_doubt", message: "the server's response ended without an answer" };
    case "unreachable":
      return {
        outcome: "protocol_error",
        errorCode: "upstream_unreachable",
        message: "no connection to the server",
      };
    case "revoked":
      return { outcome: "in_doubt", message: `refused while it ran: ${end.reason}` };
    case "stopping":
      return { outcome: "in_doubt", message: "the proxy stopped before the answer" };
    default:
      return { outcome: "in_doubt", message: "the connection to the server broke before the answer" };
  }
}
