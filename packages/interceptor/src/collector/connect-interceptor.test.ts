import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { TestResponder } from "../../test/support/revocations.ts";
import { TENANT_KEY, TEST_KEY, TestCollector } from "../../test/support/test-collector.ts";
import { type ConnectedInterceptor, connectInterceptor } from "./connect-interceptor.ts";

const PORT = 20_320;
let stateDir: string;
let open: ConnectedInterceptor[];
let collector: TestCollector | null;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "tripline-connect-"));
  open = [];
  collector = null;
});

afterEach(async () => {
  for (const interceptor of open) await interceptor.close(200);
  await collector?.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

async function listening(): Promise<TestCollector> {
  collector = new TestCollector();
  await collector.start(PORT);
  return collector;
}

async function connect(): Promise<ConnectedInterceptor> {
  const interceptor = await connectInterceptor({
    url: `http://127.0.0.1:${PORT}`,
    ingestKey: TEST_KEY,
    stateDir,
    tenant: "acme",
    producer: "gw-1",
    onWarning: () => undefined,
  });
  open.push(interceptor);
  return interceptor;
}

function call(interceptor: ConnectedInterceptor): void {
  interceptor.begin({
    caller: { credential: "local:demo", assurance: "verified" },
    session: {},
    target: { server: "files", tool: "write" },
    method: "tools/call",
    args: { password: "hunter2hunter2" },
  });
}

it("begins without the collector with a key of this machine's own, and keeps it", async () => {
  const first = await connect();
  const [key] = first.redactionKeys();
  expect(key?.id).toMatch(/^local-[0-9a-f]{8}$/);
  call(first);
  await first.close(10);
  expect((await connect()).redactionKeys()[0]).toEqual(key);
  const running = await listening();
  const intent = await waitFor(() => running.ofType("call.intent")[0], { timeoutMs: 20_000 });
  expect(JSON.stringify(intent.payload?.args)).toContain(`⟨secret:${key?.id}.`);
});

it("takes keys and policy from the collector, and begins with them the next time, files 0600", async () => {
  const running = await listening();
  running.policy = { intents: "none" };
  const first = await connect();
  expect(first.redactionKeys()).toEqual([TENANT_KEY]);
  await waitFor(() => first.denyList.status() === "fresh");
  await first.close(200);
  await running.stop();
  collector = null;
  const second = await connect();
  expect(second.settings()?.policy).toEqual({ intents: "none" });
  expect(second.redactionKeys()).toEqual([TENANT_KEY]);
  expect(second.denyList.status()).toBe("stale");
  const directory = join(stateDir, "interceptor");
  for (const file of readdirSync(directory)) expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
});

it("believes a responder's new key as soon as the collector vouches for it", async () => {
  const running = await listening();
  const [old, next] = [new TestResponder("r1"), new TestResponder("r2")];
  running.revocationKeys.push(old.publicKey);
  const interceptor = await connect();
  await waitFor(() => interceptor.denyList.status() === "fresh");
  running.revocationKeys.push(next.publicKey);
  running.publish(next.sign({ id: "signed-by-the-new-key" }));
  await waitFor(() => interceptor.denyList.size === 1);
  expect(interceptor.denyList.rejected).toBe(1);
});

it("waits at its first start for a collector that is busy, and so records for the tenant of its key", async () => {
  const running = await listening();
  const answer = Promise.withResolvers<void>();
  running.held = answer.promise;
  setTimeout(answer.resolve, 700); // what the test is about: an answer that takes a while
  const interceptor = await connectInterceptor({
    url: running.url,
    ingestKey: TEST_KEY,
    stateDir,
    onWarning: () => undefined,
  });
  open.push(interceptor);
  call(interceptor);
  await waitFor(() => running.ofType("call.intent").length > 0);
  expect(new Set(running.records.map(({ envelope }) => envelope.tenant))).toEqual(new Set(["acme"]));
});
