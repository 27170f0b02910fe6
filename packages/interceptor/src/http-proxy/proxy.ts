import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { TriplineError } from "@tripline/events";
import { Pool } from "undici";
import { limitWarnings, warnProcess } from "../core/warnings.ts";
import type { Exchange } from "./exchange.ts";
import { ambiguity, originForm, singleHeaders } from "./headers.ts";
import { hostCheck, isLoopback } from "./host.ts";
import type { HttpProxy, HttpProxyOptions, HttpProxyStats } from "./options.ts";
import { type ErrorAnswer, sendError } from "./refusal.ts";
import { createRequestHandler } from "./request-handler.ts";
import { SessionTaps } from "./session-taps.ts";

const CONNECT_TIMEOUT_MS = 10_000; // a server that takes no connection for so long is down
const UPSTREAM_IDLE_MS = 4_000; // below the 5 s after which Node and uvicorn close an idle connection
const CLIENT_IDLE_MS = 65_000; // above the 60 s for which clients and balancers commonly keep idle connections
const PROBE_MS = 60_000; // TCP keep-alive: notices peers that vanished without a word
const STOP_GRACE_MS = 5_000; // for requests that are being answered; streams are ended at once
const IDLE_CHECK_MS = 20; // while stopping: Node closes only those connections that are idle at that moment

/**
 * A reverse proxy for one MCP server over Streamable HTTP that records tool calls and refuses what is revoked. Everything
 * else flows through untouched; see the README for what is changed, and how refusals look.
 */
export function createHttpProxy(options: HttpProxyOptions): HttpProxy {
  const upstream = new URL(options.upstream);
  const publicUrl = options.publicUrl === undefined ? undefined : new URL(options.publicUrl);
  const providers = options.identity ?? [];
  const single = singleHeaders(providers.flatMap((provider) => provider.headers));
  const warn = limitWarnings(options.onWarning ?? warnProcess, Date.now);
  const hostHeader = options.hostHeader ?? (isLoopback(upstream.hostname) ? "client" : "upstream");
  const listenHost = options.listen.host ?? "127.0.0.1";
  const stats: HttpProxyStats = {
    requests: 0,
    refused: 0,
    rejected: 0,
    notIdentified: 0,
    upstreamErrors: 0,
    open: 0,
  };
  const open = new Set<Exchange>();
  const sessions = new SessionTaps();
  let state: "starting" | "ready" | "failed" | "stopped" = "starting";
  let lastUpstreamError: string | undefined;
  let address: AddressInfo | null = null;
  let unsubscribe: (() => void) | undefined;

  const pool = new Pool(upstream.origin, {
    connections: null, // each open stream takes one
    pipelining: 1,
    connect: { timeout: CONNECT_TIMEOUT_MS, keepAlive: true, keepAliveInitialDelay: PROBE_MS },
    keepAliveTimeout: UPSTREAM_IDLE_MS,
    headersTimeout: 0, // a tool may take as long as its client waits
    bodyTimeout: 0, // streams are idle most of the time
  });

  const handle = createRequestHandler({
    options,
    upstream,
    publicUrl,
    providers,
    pool,
    sessions,
    open,
    stats,
    host: hostHeader === "upstream" ? upstream.host : undefined,
    onUpstreamError(error) {
      stats.upstreamErrors += 1;
      lastUpstreamError = "the last request found no working connection to the server";
      warn({
        code: "TRIPLINE_PROXY_UPSTREAM",
        message: `the MCP server ${upstream.origin} can't be reached or broke a connection`,
        cause: error,
      });
    },
    onDefect,
    onUpstreamAnswer() {
      lastUpstreamError = undefined;
    },
  });

  function onDefect(cause: unknown): void {
    warn({
      code: "TRIPLINE_PROXY_FAILED",
      message: "something failed inside the proxy: this is a bug, please report it",
      cause,
    });
  }

  function reject(response: ServerResponse, answer: ErrorAnswer): void {
    stats.rejected += 1;
    sendError(response, answer);
  }

  function accept(request: IncomingMessage, response: ServerResponse, goOn: () => void): void {
    stats.requests += 1;
    const unclear = ambiguity(request, single);
    const path = originForm(request.url);
    if (unclear !== null || path === null) {
      const message = unclear ?? "the request target is no path on this server";
      reject(response, { status: 400, code: "TRIPLINE_PROXY_AMBIGUOUS", rpcCode: -32600, message });
      return;
    }
    if (hostHeader === "upstream" && !hostAllowed(request.headers.host)) {
      const message = "this proxy is not known under the Host of the request";
      reject(response, { status: 403, code: "TRIPLINE_PROXY_HOST", rpcCode: -31403, message });
      return;
    }
    handle(request, response, path, goOn).catch((error: unknown) => {
      onDefect(error);
      if (response.headersSent) response.destroy();
      else {
        const message = "the proxy failed";
        sendError(response, { status: 502, code: "TRIPLINE_PROXY_UPSTREAM", rpcCode: -31502, message });
      }
    });
  }

  let hostAllowed = hostCheck(listenHost, options.listen.port, publicUrl);
  const server = createServer({
    keepAlive: true,
    keepAliveInitialDelay: PROBE_MS,
    noDelay: true,
    requestTimeout: 0, // an upload may take its time
    keepAliveTimeout: CLIENT_IDLE_MS,
  });
  server.timeout = 0;
  server.on("request", (request, response) => accept(request, response, () => undefined));
  // Without this listener Node would ask for the body before anybody has looked at the headers.
  server.on("checkContinue", (request, response) =>
    accept(request, response, () => response.writeContinue()),
  );

  function recheck(): void {
    for (const exchange of open) {
      for (const caller of exchange.callers) {
        const { session } = exchange;
        const refusal = options.access?.refusal({ caller, session, server: options.server }) ?? null;
        if (refusal === null) continue;
        stats.refused += 1;
        exchange.revoke(refusal);
        break;
      }
    }
  }

  return {
    name: `http-proxy ${options.server}`,
    async start() {
      try {
        await Promise.all(providers.map((provider) => provider.start?.()));
        address = await listen(server, listenHost, options.listen.port);
      } catch (error) {
        state = "failed";
        throw error;
      }
      hostAllowed = hostCheck(listenHost, address.port, publicUrl);
      unsubscribe = options.access?.onChange(recheck);
      state = "ready";
    },
    async stop() {
      unsubscribe?.();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      for (const exchange of open) {
        if (exchange.responseTap?.stream === true) stopExchange(exchange);
      }
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
      const grace = setTimeout(() => {
        for (const exchange of open) stopExchange(exchange);
        server.closeAllConnections();
      }, STOP_GRACE_MS);
      if (address !== null) await closed;
      clearTimeout(grace);
      clearInterval(idle);
      for (const provider of providers) provider.stop?.();
      sessions.closeAll();
      await pool.destroy();
      state = "stopped";
    },
    get url() {
      if (address === null) throw new TriplineError("TRIPLINE_PROXY_NOT_STARTED", "start the proxy first");
      const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
      return `http://${host}:${address.port}${upstream.pathname}${upstream.search}`;
    },
    stats: () => ({ ...stats, open: open.size }),
    health() {
      if (state === "ready" && lastUpstreamError !== undefined) {
        return { state: "degraded", detail: lastUpstreamError };
      }
      return { state };
    },
  };
}

function stopExchange(exchange: Exchange): void {
  exchange.finish({ kind: "stopping" });
  exchange.breakOff((response) =>
    sendError(response, {
      status: 503,
      code: "TRIPLINE_PROXY_STOPPING",
      rpcCode: -31503,
      message: "this proxy is being stopped: try again",
      data: { retryable: true },
      headers: { "retry-after": "1" },
    }),
  );
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const message = `can't listen on ${host}:${port}: choose a free port and an address of this machine`;
      reject(new TriplineError("TRIPLINE_PROXY_LISTEN", message, { cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === "string") {
        reject(new TriplineError("TRIPLINE_PROXY_LISTEN", "the server has no address"));
      } else resolve(address);
    });
  });
}
