import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { afterEach, expect, it, vi } from "vitest";
import { McpTap } from "../mcp/mcp-tap.ts";
import { Exchange } from "./exchange.ts";
import { createResponseTap } from "./response-tap.ts";
import { RecordingInterceptor } from "./testing/recording-interceptor.ts";
import { callBody, closeServer, listenOnFreePort, TEXT_RESULT } from "./testing/upstream.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closers.splice(0)) await close();
});

/** A request that waits for its answer. */
async function waiting(): Promise<[IncomingMessage, ServerResponse]> {
  const pair = Promise.withResolvers<[IncomingMessage, ServerResponse]>();
  const server = createServer((request, response) => pair.resolve([request, response]));
  const url = await listenOnFreePort(server);
  closers.push(() => closeServer(server));
  httpRequest(url)
    .on("error", () => undefined)
    .end();
  return pair.promise;
}

async function openCall(): Promise<{ exchange: Exchange; tap: McpTap; interceptor: RecordingInterceptor }> {
  const interceptor = new RecordingInterceptor();
  const caller = { assurance: "unknown" } as const;
  const tap = new McpTap({ interceptor, server: "s", transport: "http", caller });
  tap.fromClient(JSON.parse(callBody("slow")));
  const exchange = new Exchange(...(await waiting()), [caller], { id: "s-1", source: "mcp" });
  exchange.tap = tap;
  exchange.opened = [1];
  exchange.responseTap = createResponseTap(["content-type", "text/event-stream"], tap, () => undefined);
  exchange.responseTap.push(Buffer.from("id: 1\ndata: \n\n"));
  return { exchange, tap, interceptor };
}

it("waits ten minutes for a client to come back to a stream that it can resume, then the call is over", async () => {
  const { exchange, interceptor } = await openCall();
  vi.useFakeTimers();
  exchange.finish({ kind: "client_gone" });
  vi.advanceTimersByTime(599_000);
  expect(interceptor.outcomes).toEqual(["open"]);
  vi.advanceTimersByTime(2_000);
  expect(interceptor.outcomes).toEqual(["cancelled"]);
});

it("leaves a call alone that was answered meanwhile", async () => {
  const { exchange, tap, interceptor } = await openCall();
  vi.useFakeTimers();
  exchange.finish({ kind: "upstream_broke" });
  tap.fromServer({ jsonrpc: "2.0", id: 1, result: TEXT_RESULT });
  vi.advanceTimersByTime(601_000);
  expect(interceptor.outcomes).toEqual(["ok"]);
});

it("gives the copy up, not the response, when the tap has a defect", async () => {
  const { tap } = await openCall();
  const heard: unknown[] = [];
  vi.spyOn(tap, "fromServer").mockImplementation(() => {
    throw new Error("a bug");
  });
  const copy = createResponseTap(["content-type", "text/event-stream"], tap, (cause) => heard.push(cause));
  copy.push(Buffer.from("data: {}\n\ndata: {}\n\n"));
  copy.push(Buffer.from("data: {}\n\n"));
  expect(heard).toHaveLength(1);
});
