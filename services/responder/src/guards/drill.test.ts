import { createServer, type Server } from "node:http";
import { type Alert, alertSchema, signedRevocationSchema, TOPICS } from "@tripline/events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { FakeInterceptor } from "../enforcement/testing/events.ts";
import { Bench } from "../testing/bench.ts";

const PORT = 20800;
const GATEWAY_PORT = 20801;
const DRILL = "drills: [{tenant: acme, credential: 'local:canary', within: 1s}]\n";
const ADMINISTER = { roles: ["administer"] as const, id: "ada" };
const SECRET = "canary-secret-of-a-test";

let bench: Bench;
let alerts: Alert[];
let refused: Set<string>;
let servers: Server[];
beforeEach(async () => {
  bench = await Bench.create(PORT, DRILL);
  bench.env.CANARY = SECRET;
  alerts = [];
  refused = new Set();
  servers = [];
  await bench.log.consume({
    topic: TOPICS.alerts,
    group: "test",
    onAssigned: async () => ({
      startAt: 0,
      onBatch: async (records) => {
        for (const { value } of records) {
          alerts.push(alertSchema.parse(JSON.parse(Buffer.from(value ?? []).toString())));
        }
      },
    }),
  });
});
afterEach(async () => {
  for (const server of servers) server.close();
  await bench.remove();
});

/** Interceptors that live and follow the revocations topic, as real ones do. `lifts: false`: never says that it allows again. */
async function follow(interceptors: readonly FakeInterceptor[], { lifts = true } = {}): Promise<void> {
  await bench.log.produce(
    TOPICS.events,
    interceptors.map((each) => each.heartbeat()),
  );
  await bench.log.readTable(TOPICS.revocations, ({ value }) => {
    const entry = signedRevocationSchema.parse(JSON.parse(Buffer.from(value ?? []).toString()));
    if (entry.state === "active") refused.add(entry.subject);
    else refused.delete(entry.subject);
    if (entry.state === "reinstated" && !lifts) return;
    void bench.log.produce(
      TOPICS.events,
      interceptors.map((each) => each.applied(entry, entry.state)),
    );
  });
}

async function heard(count: number): Promise<void> {
  await waitFor(async () => {
    const metrics = await bench.metrics();
    return count === 0 || /watch_batch_seconds_count\{[^}]*\} [1-9]/.test(metrics);
  });
}

function drilled() {
  return bench.decisions
    .filter(({ decision }) => decision.kind === "drilled")
    .map(({ decision }) => decision);
}

/** What an interceptor before a server answers: refused keys 403, else what the server says of a tool it lacks. */
async function gateway(): Promise<string[]> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization ?? "");
    request.resume();
    const denied = refused.has("local:canary");
    const data = { code: "TRIPLINE_PROXY_REFUSED" };
    const error = denied
      ? { code: -31403, message: "revoked", data }
      : { code: -32602, message: "no such tool" };
    response
      .writeHead(denied ? 403 : 200, { "content-type": "application/json" })
      .end(JSON.stringify({ jsonrpc: "2.0", id: 1, error }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(GATEWAY_PORT, "127.0.0.1", resolve));
  return seen;
}

describe("a drill", () => {
  test("revokes the canary, sees every interceptor refuse and allow again, and leaves it reinstated", async () => {
    const [first, second] = [new FakeInterceptor("gw-1"), new FakeInterceptor("gw-2")];
    const laptop = new FakeInterceptor("laptop", { enforcement: "advisory" });
    await follow([first, second, laptop]);
    await bench.start();
    await heard(3);
    const { status, body } = await bench.call(ADMINISTER, "POST", "/api/drill");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ok: true,
      failures: [],
      credential: "local:canary",
      call: null,
      upstream: null,
    });
    expect(body.interceptors).toHaveLength(3);
    expect(body.refused_ms).toEqual(expect.any(Number));
    expect(body.allowed_ms).toEqual(expect.any(Number));
    expect(body.not_shown).toContainEqual(expect.stringContaining("a real call"));
    expect(bench.revocations.map(({ state, by }) => [state, by])).toEqual([
      ["active", "drill"],
      ["reinstated", "drill"],
    ]);
    expect(bench.revocations[0]?.expires_at).toBeDefined();
    await waitFor(() => drilled().length === 1);
    expect(drilled()[0]).toMatchObject({ by: "ada", revocation_id: body.revocation_id });
    expect(alerts).toEqual([]);
  });

  test("makes a real call with the canary, which goes through before and after and is refused meanwhile", async () => {
    const seen = await gateway();
    const call = `{url: 'http://127.0.0.1:${GATEWAY_PORT}/mcp', secret: {env: CANARY}}`;
    await bench.configure(
      `egress: {allow_internal: ['127.0.0.1']}\n${DRILL.replace("within: 1s", `within: 1s, call: ${call}`)}`,
    );
    await follow([new FakeInterceptor("gw-1")]);
    await bench.start();
    await heard(1);
    const { body } = await bench.call(ADMINISTER, "POST", "/api/drill");
    expect(body).toMatchObject({ ok: true, call: { before: "passed", during: "refused", after: "passed" } });
    expect(seen).toEqual(Array.from({ length: 3 }, () => `Bearer ${SECRET}`));
    expect(JSON.stringify([body, bench.decisions, bench.revocations])).not.toContain(SECRET);
  });

  test("an address inside the network is not called unless the file allows it, and the drill says so", async () => {
    const seen = await gateway();
    const call = `{url: 'http://127.0.0.1:${GATEWAY_PORT}/mcp', secret: {env: CANARY}}`;
    await bench.configure(DRILL.replace("within: 1s", `within: 1s, call: ${call}`));
    await follow([new FakeInterceptor("gw-1")]);
    await bench.start();
    await heard(1);
    const { body } = await bench.call(ADMINISTER, "POST", "/api/drill");
    expect(body).toMatchObject({ ok: false, call: { before: "unanswered" } });
    expect(seen).toEqual([]);
  });
});

describe("a drill fails, pages and reinstates all the same", () => {
  test("when an interceptor does not say that it refuses", async () => {
    await follow([new FakeInterceptor("gw-1")]);
    await bench.log.produce(TOPICS.events, [new FakeInterceptor("gw-2").heartbeat()]);
    await bench.start();
    await heard(2);
    const { body } = await bench.call(ADMINISTER, "POST", "/api/drill");
    expect(body).toMatchObject({
      ok: false,
      refused_ms: null,
      failures: ["did not say that they refuse: gw-2"],
    });
    expect(bench.revocations.at(-1)).toMatchObject({ state: "reinstated" });
    await waitFor(() => alerts.some(({ rule }) => rule.id === "drill-failed"));
    await waitFor(() => drilled().length === 1);
    expect(drilled()[0]?.reason).toMatch(/^failed: .*gw-2/);
  });

  test("when one goes on refusing", async () => {
    await follow([new FakeInterceptor("gw-1")], { lifts: false });
    await bench.start();
    await heard(1);
    const { body } = await bench.call(ADMINISTER, "POST", "/api/drill");
    expect(body).toMatchObject({ ok: false, failures: ["did not say that they allow again: gw-1"] });
  });
});

test("on schedule: by itself, and again only after its time, also over a restart", async () => {
  await bench.configure(DRILL.replace("within: 1s", "within: 1s, every: 1h"));
  await follow([new FakeInterceptor("gw-1")]);
  await bench.start();
  await waitFor(() => drilled().length === 1, { what: "the first drill", timeoutMs: 20_000 });
  expect(drilled()[0]).toMatchObject({ by: "drill" });
  await bench.stop();
  await bench.start();
  bench.clock = () => Date.now() + 3600_000 + 1000;
  await waitFor(() => drilled().length === 2, { what: "the second drill", timeoutMs: 20_000 });
});

test("where none is configured, or for another tenant, there is none", async () => {
  await bench.start();
  const answer = await bench.call({ roles: ["administer"], tenant: "other" }, "POST", "/api/drill");
  expect(answer).toMatchObject({ status: 409, body: { error: { code: "TRIPLINE_DRILL_NOT_CONFIGURED" } } });
  expect(bench.revocations).toEqual([]);
});
