import { createServer } from "node:http";
import { SpanKind } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createContext } from "./create-context.ts";
import { createHttpServer } from "./http/index.ts";
import { contextFromTraceparent } from "./tracing.ts";

const spanSchema = z.object({
  name: z.string(),
  traceId: z.string(),
  parentSpanId: z.string().optional(),
  attributes: z.array(z.object({ key: z.string(), value: z.unknown() })),
});
const exportSchema = z.object({
  resourceSpans: z.array(
    z.object({ resource: z.unknown(), scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })) }),
  ),
});

const cleanUps: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A receiver of OTLP/HTTP with JSON bodies. */
async function startReceiver() {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    if (request.url === "/v1/traces") bodies.push(text);
    response.setHeader("content-type", "application/json").end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUps.push(() => server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the receiver does not listen");
  return {
    url: `http://127.0.0.1:${address.port}`,
    text: () => bodies.join(""),
    spans: () =>
      bodies.flatMap((body) =>
        exportSchema
          .parse(JSON.parse(body))
          .resourceSpans.flatMap((entry) => entry.scopeSpans.flatMap((scope) => scope.spans)),
      ),
  };
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

describe("tracing", () => {
  it("sends a span for a request that continues the caller's trace, without what people search for", async () => {
    const receiver = await startReceiver();
    const context = createContext({ service: "test", logLevel: "silent", otlpEndpoint: `${receiver.url}/` });
    const http = createHttpServer({
      context,
      host: "127.0.0.1",
      port: 0,
      publicHosts: [],
      allowedOrigins: [],
    });
    http.app.get("/calls/:id", async () => ({}));
    await http.part.start();
    cleanUps.push(() => http.part.stop());

    await fetch(`${http.url()}/calls/ana-private?text=canary`, {
      headers: { traceparent: `00-${TRACE}-${PARENT}-01` },
    });
    await http.part.stop();
    await context.close();
    const [span] = receiver.spans();
    expect(span).toMatchObject({ name: "GET /calls/:id", traceId: TRACE, parentSpanId: PARENT });
    expect(span?.attributes).toContainEqual({ key: "http.response.status_code", value: { intValue: 200 } });
    expect(receiver.text()).not.toMatch(/canary|ana-private/);
    expect(receiver.text()).toContain("tripline-test");
  });

  it("does not stop the service from stopping when the receiver is away", async () => {
    const context = createContext({
      service: "test",
      logLevel: "silent",
      otlpEndpoint: "http://127.0.0.1:1",
    });
    context.tracer.startSpan("lost", { kind: SpanKind.INTERNAL }).end();
    await expect(context.close()).resolves.toBeUndefined();
  });

  it("records nothing without an endpoint", async () => {
    const context = createContext({ service: "test", logLevel: "silent" });
    expect(context.tracer.startSpan("none").isRecording()).toBe(false);
    await context.close();
  });

  it.each([
    "",
    "nonsense",
    `00-${"0".repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}`,
    `ff-${TRACE}-${PARENT}-01`,
  ])("starts a trace of its own for the traceparent %j", (header) => {
    expect(contextFromTraceparent(header)).toBe(contextFromTraceparent(undefined));
  });
});
