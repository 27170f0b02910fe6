import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { TriplineError } from "@tripline/events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createContext } from "../create-context.ts";
import { HttpError } from "../http-error.ts";
import { counter } from "../metrics.ts";
import { operatorRoutes } from "../operator-routes.ts";
import type { PartHealth } from "../part.ts";
import { createHttpServer } from "./index.ts";

const lines: string[] = [];
const context = createContext({
  service: "test",
  logLevel: "debug",
  sink: { write: (line) => void lines.push(line) },
});
let ready = true;
let health: PartHealth = { state: "ready" };
const http = createHttpServer({
  context,
  host: "127.0.0.1",
  port: 0,
  publicHosts: ["tripline.example"],
  allowedOrigins: ["https://ops.example/"],
  ready: () => ready,
});
const { app } = http;

beforeAll(async () => {
  const part = {
    name: "store",
    start: async () => undefined,
    stop: async () => undefined,
    health: () => health,
  };
  await app.register(operatorRoutes({ parts: () => [http.part, part], metrics: context.metrics }));
  app.get("/page", async (_request, reply) => reply.type("text/html").send("<p>hi</p>"));
  app.get("/cached", async (_request, reply) => reply.header("cache-control", "max-age=60").send({}));
  app.get(
    "/search",
    { schema: { querystring: z.object({ text: z.string(), limit: z.coerce.number().max(10) }) } },
    async (r) => ({
      limit: r.query.limit,
    }),
  );
  app.post("/change", async () => ({ done: true }));
  app.get("/fails/:how", async (r) => {
    const { how } = z.object({ how: z.string() }).parse(r.params);
    if (how === "away")
      throw new TriplineError("TRIPLINE_STORE_AWAY", "the store is away", { kind: "retriable" });
    if (how === "bad")
      throw new HttpError(409, "TRIPLINE_CONFLICT", "twice", { headers: { "x-why": "twice" } });
    throw new Error("canary inside");
  });
  counter(context.metrics, { name: "tripline_test_total", help: "test" }).inc(3);
  await http.part.start();
});
afterAll(() => http.part.stop());

async function get(
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<IncomingMessage & { text: string }> {
  const sent = request(`${http.url()}${path}`, { headers, method }).end();
  const [answer] = await once(sent, "response");
  let text = "";
  for await (const chunk of answer) text += chunk;
  return Object.assign(answer, { text });
}
const status = async (...call: Parameters<typeof get>) => (await get(...call)).statusCode;

describe("who may call", () => {
  it.each([
    ["127.0.0.1:4180", 200],
    ["localhost", 200],
    ["[::1]:80", 200],
    ["tripline.example", 200],
    ["TRIPLINE.example:443", 200],
    ["evil.example", 421],
    ["tripline.example.evil.example", 421],
    ["127.0.0.1.evil.example", 421],
    ["localhost@evil.example", 421],
  ])("answers to the name %s with %i", async (host, expected) => {
    expect(await status("/page", { host })).toBe(expected);
  });

  it.each([
    ["its own page", { origin: "SELF" }, 200],
    ["an allowed origin", { origin: "https://ops.example" }, 200],
    ["another site", { origin: "https://evil.example" }, 403],
    ["another port of this machine", { origin: "http://127.0.0.1:1" }, 403],
    ["a sandboxed page", { origin: "null" }, 403],
    ["a form of another site", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }, 403],
    ["an old browser or a program", {}, 200],
  ])("lets %s change something: %j", async (_who, headers, expected) => {
    const given = "origin" in headers && headers.origin === "SELF" ? { origin: http.url() } : headers;
    expect(await status("/change", { ...given }, "POST")).toBe(expected);
  });

  it("lets another site link here, and not load from here", async () => {
    expect(await status("/page", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" })).toBe(200);
    expect(await status("/page", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" })).toBe(403);
    expect(await status("/page", { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" })).toBe(403);
    expect(await status("/page", { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" })).toBe(200);
  });
});

describe("what answers carry", () => {
  it("security headers, also on errors and pages", async () => {
    for (const path of ["/page", "/cached", "/nowhere", "/fails/x"]) {
      const { headers } = await get(path);
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
      });
      expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
      expect(headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    }
    expect((await get("/page")).headers["content-security-policy"]).toContain("default-src 'self'");
    expect((await get("/health")).headers["content-security-policy"]).toContain("default-src 'none'");
    expect((await get("/health")).headers["cache-control"]).toBe("no-store");
    expect((await get("/cached")).headers["cache-control"]).toBe("max-age=60");
  });

  it("errors in one form, and nothing of an unknown error", async () => {
    const error = async (path: string) => {
      const answer = await get(path);
      return [answer.statusCode, JSON.parse(answer.text).error.code];
    };
    expect(await error("/nowhere")).toEqual([404, "TRIPLINE_NOT_FOUND"]);
    expect(await error("/fails/bad")).toEqual([409, "TRIPLINE_CONFLICT"]);
    expect(await error("/fails/away")).toEqual([503, "TRIPLINE_STORE_AWAY"]);
    expect(await error("/search?text=a&limit=11")).toEqual([400, "TRIPLINE_REQUEST_INVALID"]);
    expect(await error("/fails/x")).toEqual([500, "TRIPLINE_INTERNAL"]);
    expect((await get("/fails/away")).headers["retry-after"]).toBe("1");
    expect((await get("/fails/bad")).headers["x-why"]).toBe("twice");
    expect((await get("/fails/x")).text).not.toContain("canary");
    expect((await get("/search?text=a&limit=11")).text).toContain("limit");
  });

  it("writes nothing of what people search for to logs and metrics", async () => {
    expect(await status("/search?text=canary-text&limit=1", { authorization: "Bearer canary-token" })).toBe(
      200,
    );
    expect(lines.join("")).toContain('"route":"/search"');
    expect(lines.join("") + (await get("/metrics")).text).not.toMatch(/canary-(text|token)/);
  });
});

describe("operator routes", () => {
  it("says 503 until every part is ready, and each part's state", async () => {
    health = { state: "starting" };
    ready = false;
    expect(await status("/health")).toBe(503);
    expect(await status("/health/live")).toBe(200);
    expect(await status("/page")).toBe(503);
    health = { state: "degraded", detail: "slow" };
    ready = true;
    const answer = await get("/health");
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({
      ready: true,
      state: "degraded",
      parts: { http: { state: "ready" }, store: { state: "degraded", detail: "slow" } },
    });
    health = { state: "failed" };
    expect(await status("/health")).toBe(503);
    health = { state: "ready" };
  });

  it("shows metrics in Prometheus' text format", async () => {
    const answer = await get("/metrics");
    expect(answer.headers["content-type"]).toContain("text/plain");
    expect(answer.text).toContain('tripline_test_total{service="test"} 3');
    expect(answer.text).toMatch(/tripline_http_request_seconds_count\{.*route="\/page"/);
  });
});

it("says what to do when the port is taken", async () => {
  const port = Number(new URL(http.url()).port);
  const second = createHttpServer({ context, host: "127.0.0.1", port, publicHosts: [], allowedOrigins: [] });
  await expect(second.part.start()).rejects.toMatchObject({ code: "TRIPLINE_LISTEN" });
  expect(second.part.health().state).toBe("failed");
  await second.part.stop();
});
