import { type Span, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ServiceContext } from "../context.ts";
import { histogram } from "../metrics.ts";
import { contextFromTraceparent } from "../tracing.ts";

/**
 * One span, one duration and one debug line a request, named by route. The URL itself holds what people search for and
 * is written nowhere.
 */
export function observeRequests(app: FastifyInstance, context: ServiceContext): void {
  const seconds = histogram(context.metrics, {
    name: "tripline_http_request_seconds",
    help: "Duration of HTTP requests",
    labels: ["method", "route", "status"],
  });
  const spans = new WeakMap<FastifyRequest, Span>();

  app.addHook("onRequest", async (request) => {
    const route = routeOf(request);
    const parent = contextFromTraceparent(request.headers.traceparent?.toString());
    const span = context.tracer.startSpan(
      `${request.method} ${route}`,
      { kind: SpanKind.SERVER, attributes: { "http.request.method": request.method, "http.route": route } },
      parent,
    );
    spans.set(request, span);
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = routeOf(request);
    seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    const span = spans.get(request);
    span?.setAttribute("http.response.status_code", reply.statusCode);
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    request.log.debug(
      { method: request.method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      "answered",
    );
  });
}

function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? "unknown";
}
