import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import type { Dispatcher } from "undici";
import type { Refusal } from "../interceptor.ts";
import { McpTap } from "../mcp/mcp-tap.ts";
import { Exchange } from "./exchange.ts";
import { type BodyRewriter, type ForwardBody, forward } from "./forward.ts";
import { forwardedRequestHeaders, headerIn, mediaType } from "./headers.ts";
import { type Identity, type IdentityProvider, identify } from "./identity/identity.ts";
import type { HttpProxyOptions, HttpProxyStats } from "./options.ts";
import { notIdentified, refusedRequest, sendError } from "./refusal.ts";
import {
  dropAll,
  type GateOptions,
  type Judgement,
  judgeWhole,
  type Send,
  StreamGate,
} from "./request-gate.ts";
import { headAndRest, readHead } from "./request-head.ts";
import {
  isResourceMetadata,
  MAX_METADATA_BYTES,
  metadataUrl,
  rewriteChallenge,
  rewriteMetadata,
} from "./resource-metadata.ts";
import { createResponseTap } from "./response-tap.ts";
import { mcpSessionId, sessionOf } from "./session.ts";
import type { SessionTaps } from "./session-taps.ts";

/** Requests up to this size are held whole and parsed; larger ones are read as they stream. */
export const MAX_HELD_BYTES = 1024 * 1024;

export interface HandlerContext {
  options: HttpProxyOptions;
  upstream: URL;
  publicUrl: URL | undefined;
  providers: readonly IdentityProvider[];
  pool: Dispatcher;
  sessions: SessionTaps;
  open: Set<Exchange>;
  stats: HttpProxyStats;
  /** Replaces the client's Host. */
  host: string | undefined;
  onUpstreamError(error: Error): void;
  onUpstreamAnswer(): void;
  /** Something inside the proxy failed. */
  onDefect(cause: unknown): void;
}

type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  goOn: () => void,
) => Promise<void>;

/** Takes a request from its headers to the server: identity, deny list, body, tap. */
export function createRequestHandler(context: HandlerContext): Handler {
  return async function handle(request, response, path, goOn) {
    const found = identify(context.providers, request.headers);
    const identity = found instanceof Promise ? await found : found;
    if (response.destroyed) return;
    const callers = identity.all.length > 0 ? identity.all : [identity.caller];
    const exchange = new Exchange(request, response, callers, sessionOf(request.headers));
    context.open.add(exchange);
    // A write that meets a connection closed a moment ago is an error event; `close` follows and says all there is to say.
    response.on("error", () => undefined);
    response.once("close", () => {
      context.open.delete(exchange);
      if (!response.writableFinished) exchange.finish({ kind: "client_gone" });
    });
    // A body that nobody read would keep the client from its answer, and the connection from its next request.
    response.once("finish", () => request.resume());
    const rejected = rejectedByHeaders(context, exchange, identity, path);
    if (rejected !== null) {
      exchange.finish({ kind: "complete", status: 400 });
      rejected(response);
      return;
    }
    goOn();
    const refusal = refusalOf(context, exchange);
    if (refusal !== null) {
      await refuseRequest(context, exchange, refusal);
      return;
    }
    const body = await bodyOf(context, exchange, path);
    if (body === null || exchange.ended) return;
    send(context, exchange, path, body);
  };
}

/** What needs no body to be refused, and is no call that should be recorded. */
function rejectedByHeaders(
  { options, stats, publicUrl }: HandlerContext,
  { request }: Exchange,
  identity: Identity,
  path: string,
): Send | null {
  if (options.requireIdentity === true && identity.all.length === 0 && !isPublic(request, path)) {
    stats.notIdentified += 1;
    const metadata = publicUrl === undefined ? undefined : metadataUrl(publicUrl);
    return (response) => sendError(response, notIdentified(identity.invalid, metadata));
  }
  if (codedBody(request)) {
    stats.rejected += 1;
    return refuseCoding;
  }
  return null;
}

/** The revocation of any credential that the request carries, or of its session or server. */
function refusalOf({ options }: HandlerContext, { callers, session }: Exchange): Refusal | null {
  for (const caller of callers) {
    const refusal = options.access?.refusal({ caller, session, server: options.server }) ?? null;
    if (refusal !== null) return refusal;
  }
  return null;
}

/** Refuses a request whatever it asks; the calls in it are shown to the interceptor first, which records them as denied. */
async function refuseRequest(context: HandlerContext, exchange: Exchange, refusal: Refusal): Promise<void> {
  if (hasBody(exchange.request)) {
    const head = await readHead(exchange.request, MAX_HELD_BYTES);
    if (head.kind === "gone") return;
    const gate = gateOf(context, exchange, { strict: false, canWait: false });
    if (head.kind === "whole") {
      const judgement = await judgeWhole(Buffer.concat(head.chunks), gate);
      if (judgement.kind === "forward") dropAll(gate.tap, judgement.opened);
    } else {
      const stream = new StreamGate(gate);
      for (const chunk of head.chunks) stream.push(chunk);
      stream.breakOff();
    }
  }
  context.stats.refused += 1;
  exchange.finish({ kind: "complete", status: 403 });
  sendError(exchange.response, refusedRequest(refusal));
}

interface RequestBody {
  body: ForwardBody;
  /** The size the client announced, for a body that is streamed. */
  length: string | undefined;
  stopped: () => Send | null;
}

const NO_BODY: RequestBody = { body: null, length: undefined, stopped: () => null };

/** The body as it may be forwarded, or null when the exchange has ended instead. */
async function bodyOf(
  context: HandlerContext,
  exchange: Exchange,
  path: string,
): Promise<RequestBody | null> {
  const { request } = exchange;
  if (!hasBody(request)) {
    if (request.method === "GET") exchange.tap = sessionTap(context, exchange) ?? null;
    return NO_BODY;
  }
  const head = await readHead(request, MAX_HELD_BYTES);
  if (head.kind === "gone" || exchange.ended) return null;
  const gate = gateOf(context, exchange, { strict: isStrict(context, request, path), canWait: true });
  exchange.tap = gate.tap;
  if (head.kind === "whole") {
    const body = head.chunks.length === 1 ? (head.chunks[0] ?? null) : Buffer.concat(head.chunks);
    if (body === null || body.length === 0) return NO_BODY;
    const judged = judgeWhole(body, gate);
    const judgement = judged instanceof Promise ? await judged : judged;
    if (exchange.ended) {
      // The client is gone while its call waited.
      if (judgement.kind === "forward") dropAll(gate.tap, judgement.opened);
      return null;
    }
    if (judgement.kind === "refuse") {
      refuse(context, exchange, judgement);
      return null;
    }
    exchange.opened = judgement.opened;
    return { body, length: undefined, stopped: () => null };
  }
  const stream = new StreamGate(gate);
  exchange.opened = stream.opened;
  let stopped: Send | null = null;
  async function* guarded(): AsyncGenerator<Buffer> {
    for await (const chunk of headAndRest(head.kind === "head" ? head.chunks : [], request)) {
      stop(await stream.push(chunk));
      yield chunk;
    }
    stop(await stream.end());
  }
  function stop(judgement: Judgement | null): void {
    if (judgement?.kind !== "refuse") return;
    count(context, judgement);
    stopped = judgement.send;
    throw new Error("refused"); // ends the request to the server before its body is complete
  }
  return { body: guarded(), length: request.headers["content-length"], stopped: () => stopped };
}

function gateOf(
  context: HandlerContext,
  exchange: Exchange,
  { strict, canWait }: { strict: boolean; canWait: boolean },
): GateOptions {
  const { callers, request } = exchange;
  return {
    tap: sessionTap(context, exchange) ?? createTap(context, exchange),
    strict,
    context: (frame) => ({ caller: callers[0], session: sessionOf(request.headers, frame), canWait }),
  };
}

function send(context: HandlerContext, exchange: Exchange, path: string, body: RequestBody): void {
  const { request } = exchange;
  const isMetadata = request.method === "GET" && isResourceMetadata(path);
  const { publicUrl } = context;
  const headers = forwardedRequestHeaders(request, context.host);
  if (body.length !== undefined) headers.push("content-length", body.length);
  forward(context.pool, exchange, {
    path,
    headers,
    body: body.body,
    serverName: isIP(bare(context.upstream.hostname)) === 0 ? context.upstream.hostname : "",
    stopped: body.stopped,
    onUpstreamError: context.onUpstreamError,
    onHead(status, responseHeaders) {
      context.onUpstreamAnswer();
      noteSession(context, exchange, status, responseHeaders);
      if (exchange.tap !== null)
        exchange.responseTap = createResponseTap(responseHeaders, exchange.tap, context.onDefect);
      if (publicUrl === undefined) return { headers: responseHeaders, rewrite: null };
      const rewrite =
        isMetadata && status === 200 ? metadataRewriter(context.upstream, publicUrl, path) : null;
      return { headers: withPublicChallenge(responseHeaders, publicUrl), rewrite };
    },
  });
}

/**
 * A session begins with the header on an answer, or with a server that accepts one we have not seen (we were restarted),
 * and ends with an accepted DELETE. What the server refuses is not remembered: anybody can make up session ids.
 */
function noteSession(
  context: HandlerContext,
  exchange: Exchange,
  status: number,
  headers: readonly string[],
): void {
  if (status >= 300) return;
  const credential = exchange.callers[0]?.credential;
  const { id, source } = exchange.session;
  if (source === "mcp" && id !== undefined) {
    if (exchange.request.method === "DELETE") context.sessions.end(credential, id);
    else if (exchange.tap !== null) context.sessions.set(credential, id, exchange.tap);
    return;
  }
  const begun = mcpSessionId(headerIn(headers, "mcp-session-id"));
  if (begun !== undefined && exchange.tap !== null) context.sessions.set(credential, begun, exchange.tap);
}

function sessionTap(context: HandlerContext, exchange: Exchange): McpTap | undefined {
  const { id, source } = exchange.session;
  if (source !== "mcp" || id === undefined) return undefined;
  return context.sessions.get(exchange.callers[0]?.credential, id);
}

function createTap(context: HandlerContext, exchange: Exchange): McpTap {
  const { options, upstream } = context;
  return new McpTap({
    interceptor: options.interceptor,
    server: options.server,
    transport: "http",
    caller: exchange.callers[0] ?? { assurance: "unknown" },
    upstream: options.upstreamName ?? upstream.host,
    environment: options.environment,
  });
}

function metadataRewriter(upstream: URL, publicUrl: URL, path: string): BodyRewriter {
  return {
    maxBytes: MAX_METADATA_BYTES,
    rewrite: (body) => rewriteMetadata(body, path, upstream, publicUrl),
  };
}

function withPublicChallenge(headers: string[], publicUrl: URL): string[] {
  return headers.map((value, i) =>
    i % 2 === 1 && headers[i - 1]?.toLowerCase() === "www-authenticate"
      ? rewriteChallenge(value, publicUrl)
      : value,
  );
}

function refuse(
  context: HandlerContext,
  exchange: Exchange,
  judgement: Judgement & { kind: "refuse" },
): void {
  count(context, judgement);
  exchange.finish({ kind: "complete", status: 403 });
  judgement.send(exchange.response);
}

function count({ stats }: HandlerContext, judgement: Judgement & { kind: "refuse" }): void {
  if (judgement.why === "revoked") stats.refused += 1;
  else stats.rejected += 1;
}

/** What clients ask before they can have a credential: where to get one, and whether a browser may ask at all. */
function isPublic(request: IncomingMessage, path: string): boolean {
  return request.method === "OPTIONS" || (request.method === "GET" && path.startsWith("/.well-known/"));
}

/** RFC 9112, 6.3: a request has a body when, and only when, one of these two says so. */
function hasBody(request: IncomingMessage): boolean {
  return (
    request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0
  );
}

/** An IPv6 address without its brackets. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** Where a body that is not JSON can only be an error, or an attempt to hide a call. */
function isStrict(context: HandlerContext, request: IncomingMessage, path: string): boolean {
  const type = mediaType(request.headers["content-type"]);
  if (type === "application/json" || type.endsWith("+json")) return true;
  return normalPath(path) === normalPath(context.upstream.pathname);
}

function normalPath(path: string): string {
  return (path.split("?", 1)[0] ?? "").toLowerCase().replace(/\/+$/, "");
}

function codedBody(request: IncomingMessage): boolean {
  const coding = request.headers["content-encoding"];
  return hasBody(request) && coding !== undefined && coding.trim().toLowerCase() !== "identity";
}

/** A compressed body would show the deny list nothing, and servers decompress by themselves. */
const refuseCoding: Send = (response) =>
  sendError(response, {
    status: 415,
    code: "TRIPLINE_PROXY_ENCODING",
    rpcCode: -32600,
    message: "Invalid Request: send the body without a content coding",
    headers: { "accept-encoding": "identity" },
  });
