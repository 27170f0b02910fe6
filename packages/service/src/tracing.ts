import {
  type Context,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";

const EXPORT_EVERY_MS = 2_000; // seen soon by a person who watches, one request for many spans
const MAX_ATTRIBUTE_CHARS = 256; // ids and names; nothing longer belongs in a span

export interface Tracing {
  tracer: Tracer;
  /** Whether spans go anywhere; callers skip building attributes when they don't. */
  enabled: boolean;
  /** Sends what is left. Never rejects: a receiver that is away must not fail a stop. */
  close(): Promise<void>;
}

/**
 * Spans over OTLP/HTTP to `endpoint` (a base URL, to which `/v1/traces` is added), or nowhere without one.
 * Spans hold ids, counts and durations; never audit data.
 */
export function createTracing(options: { service: string; endpoint?: string | undefined }): Tracing {
  if (options.endpoint === undefined) {
    return {
      tracer: new ProxyTracerProvider().getTracer("tripline"),
      enabled: false,
      close: () => Promise.resolve(),
    };
  }
  const base = options.endpoint.replace(/\/+$/, "");
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": `tripline-${options.service}` }),
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanLimits: { attributeValueLengthLimit: MAX_ATTRIBUTE_CHARS },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${base}/v1/traces` }),
        scheduledDelayMillis: EXPORT_EVERY_MS,
      }),
    ],
  });
  return {
    tracer: provider.getTracer("tripline"),
    enabled: true,
    close: () =>
      provider.shutdown().catch((error: unknown) => {
        process.emitWarning(`the last spans were not delivered: ${String(error)}`);
      }),
  };
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The context a caller's `traceparent` header names (W3C Trace Context, 3.2), or the root when there is none or it is wrong. */
export function contextFromTraceparent(header: string | undefined): Context {
  const match = header === undefined ? null : TRACEPARENT.exec(header);
  const [, traceId = "", spanId = "", flags = ""] = match ?? [];
  if (match === null || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
  });
}
