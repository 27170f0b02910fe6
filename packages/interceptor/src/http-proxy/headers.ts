import type { IncomingMessage } from "node:http";

/** What may pass from one hop to the next, and what makes two hops read different things. */

/** RFC 9110, 7.6.1: meant for one connection only. `host`, `content-length` and `expect` are set anew for the next hop. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** Of these a second one would let the server decide by another value than we did. */
const SINGLE: readonly string[] = [
  "authorization",
  "content-encoding",
  "content-type",
  "host",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "mcp-protocol-version",
  "mcp-session-id",
  "origin",
  "traceparent",
];

/** The headers that must not be repeated. @param identityHeaders lower-case names of headers with credentials */
export function singleHeaders(identityHeaders: readonly string[]): ReadonlySet<string> {
  return new Set([...SINGLE, ...identityHeaders]);
}

/** Why a request can't be read in one way only, or null. @param single see `singleHeaders` */
export function ambiguity(request: IncomingMessage, single: ReadonlySet<string>): string | null {
  const seen = new Set<string>();
  const { rawHeaders, headers } = request;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? "";
    if (single.has(name) && seen.has(name)) return `the header ${name} appears twice`;
    seen.add(name);
  }
  for (const name of connectionTokens(headers.connection)) {
    if (single.has(name) || name === "content-length") {
      return `the header Connection names ${name}, which belongs to the message`;
    }
  }
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && coding.trim().toLowerCase() !== "chunked") {
    return "the only transfer coding that is understood is chunked";
  }
  return null;
}

function connectionTokens(connection: string | undefined): string[] {
  return connection === undefined ? [] : connection.split(",").map((token) => token.trim().toLowerCase());
}

/**
 * The request's headers for the server, in order and case as they came: without hop-by-hop ones, and with
 * `accept-encoding: identity`, so that the answer can be read as it flows.
 * @param host replaces the request's Host; undefined keeps it
 */
export function forwardedRequestHeaders(request: IncomingMessage, host: string | undefined): string[] {
  const dropped = connectionTokens(request.headers.connection);
  const forwarded: string[] = [];
  const { rawHeaders } = request;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? "";
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || lower === "expect" || lower === "content-length") continue;
    if (lower === "accept-encoding" || dropped.includes(lower)) continue;
    forwarded.push(name, lower === "host" && host !== undefined ? host : (rawHeaders[i + 1] ?? ""));
  }
  forwarded.push("accept-encoding", "identity");
  return forwarded;
}

/** The server's headers for the client, as pairs in order and case as they came, without hop-by-hop ones. */
export function forwardedResponseHeaders(raw: readonly Buffer[]): string[] {
  const pairs: string[] = [];
  let dropped: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]?.toString("latin1") ?? "";
    const value = raw[i + 1]?.toString("latin1") ?? "";
    const lower = name.toLowerCase();
    if (lower === "connection") dropped = dropped.concat(connectionTokens(value));
    if (!HOP_BY_HOP.has(lower)) pairs.push(name, value);
  }
  if (dropped.every((name) => HOP_BY_HOP.has(name) || name === "close")) return pairs;
  return pairs.filter((_, i) => !dropped.includes((pairs[i - (i % 2)] ?? "").toLowerCase()));
}

/** The value of the first header of this lower-case name. */
export function headerIn(pairs: readonly string[], name: string): string | undefined {
  for (let i = 0; i < pairs.length; i += 2) {
    if (pairs[i]?.toLowerCase() === name) return pairs[i + 1];
  }
  return undefined;
}

/** The media type without parameters, in lower case. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/**
 * The request target in origin form, or null when it has none: an absolute target (RFC 9112, 3.2.2) loses its origin,
 * because requests go to the one server that was configured and nowhere else.
 */
export function originForm(target: string | undefined): string | null {
  if (target === undefined) return null;
  if (target.startsWith("/")) return target;
  if (!/^https?:\/\//i.test(target) || !URL.canParse(target)) return null;
  const url = new URL(target);
  return url.pathname + url.search;
}
