import type { Dispatcher } from "undici";
import type { Exchange } from "./exchange.ts";
import { forwardedResponseHeaders, headerIn } from "./headers.ts";
import { sendError } from "./refusal.ts";
import type { Send } from "./request-gate.ts";

/** The body as it goes on: bytes at hand, or a stream of them. */
export type ForwardBody = Buffer | AsyncIterable<Buffer> | null;

export interface Forwarding {
  path: string;
  headers: string[];
  body: ForwardBody;
  /** The server's own host name, for TLS. */
  serverName: string;
  /** Looks at the response's head, and may change the headers. Returns a rewriter when the body is to be replaced. */
  onHead(status: number, headers: string[]): { headers: string[]; rewrite: BodyRewriter | null };
  /** The reason why the request's body ended early, where it was us who ended it. */
  stopped(): Send | null;
  onUpstreamError(error: Error): void;
}

/** Holds a small body and gives back what is sent in its place (null: as it came). */
export interface BodyRewriter {
  maxBytes: number;
  rewrite(body: Buffer): Buffer | null;
}

/** Sends the headers at once, as latin-1; `flushHeaders` would encode them as UTF-8. */
const NO_BYTES = Buffer.alloc(0);

const UNREACHABLE: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/**
 * Sends the request on and lets the response flow back as it comes, each side as fast as the other takes it. What either
 * side breaks off is broken off on the other.
 */
export function forward(pool: Dispatcher, exchange: Exchange, forwarding: Forwarding): void {
  const { response } = exchange;
  let status = 0;
  let rewriter: { held: Buffer[]; bytes: number; headers: string[]; how: BodyRewriter } | null = null;
  let statusText = "";

  const flushRewritten = (): void => {
    if (rewriter === null) return;
    const { held, headers, how } = rewriter;
    rewriter = null;
    const body = Buffer.concat(held);
    const changed = body.length <= how.maxBytes ? how.rewrite(body) : null;
    response.writeHead(
      status,
      statusText,
      changed === null ? headers : withoutBodyHeaders(headers, changed.length),
    );
    response.write(changed ?? body);
  };

  // Without a name of its own undici would take the client's Host for the TLS server name, and check the certificate by it.
  const request: Dispatcher.DispatchOptions & { servername: string } = {
    path: forwarding.path,
    method: (exchange.request.method ?? "GET") as Dispatcher.HttpMethod,
    headers: forwarding.headers,
    // undici takes any async iterable; its types only name Node's own streams.
    body: forwarding.body as Dispatcher.DispatchOptions["body"],
    servername: forwarding.serverName,
  };
  pool.dispatch(request, {
    onConnect: (abort) => exchange.connected(abort),
    onHeaders(code, raw, resume, text) {
      if (code < 200) return true; // informational answers are for one hop
      status = code;
      statusText = text;
      const head = forwarding.onHead(code, forwardedResponseHeaders(raw));
      response.on("drain", resume);
      if (head.rewrite !== null) {
        rewriter = { held: [], bytes: 0, headers: head.headers, how: head.rewrite };
        return true;
      }
      response.writeHead(code, text, head.headers);
      if (headerIn(head.headers, "content-length") === undefined) response.write(NO_BYTES);
      return true;
    },
    onData(chunk) {
      if (rewriter !== null) {
        rewriter.held.push(chunk);
        rewriter.bytes += chunk.length;
        if (rewriter.bytes > rewriter.how.maxBytes) flushRewritten();
        return true;
      }
      const more = response.write(chunk);
      exchange.responseTap?.push(chunk);
      return more;
    },
    onComplete() {
      flushRewritten();
      response.end();
      exchange.finish({ kind: "complete", status });
    },
    onError(error) {
      if (exchange.ended) return;
      if (response.destroyed) {
        exchange.finish({ kind: "client_gone" });
        return;
      }
      const stopped = forwarding.stopped();
      if (stopped !== null) {
        exchange.finish({ kind: "upstream_broke" });
        exchange.breakOff(stopped);
        return;
      }
      const unreachable = UNREACHABLE.has(codeOf(error));
      exchange.finish({ kind: unreachable ? "unreachable" : "upstream_broke" });
      forwarding.onUpstreamError(error);
      exchange.breakOff((to) =>
        sendError(to, {
          status: 502,
          code: "TRIPLINE_PROXY_UPSTREAM",
          rpcCode: -31502,
          message: unreachable
            ? "the MCP server behind this proxy can't be reached"
            : "the MCP server behind this proxy broke the connection before it answered",
          data: { retryable: unreachable },
        }),
      );
    },
  });
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

const OF_THE_BODY: ReadonlySet<string> = new Set([
  "content-length",
  "etag",
  "content-md5",
  "digest",
  "content-digest",
]);

function withoutBodyHeaders(headers: readonly string[], length: number): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (!OF_THE_BODY.has(headers[i]?.toLowerCase() ?? "")) kept.push(headers[i] ?? "", headers[i + 1] ?? "");
  }
  return [...kept, "content-length", String(length)];
}
