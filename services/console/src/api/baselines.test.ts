import { BASELINE_PRODUCER, eventKey } from "@tripline/events";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestConsole, type TestConsole } from "../testing/test-console.ts";

const BASELINE = {
  baseline: { rule: "call-rate-spike", since: 1_763_000_000_000, hours: [[9, 0, [12, 40, 13, 2]]] },
  of: { actor: { credential: "key:acme/1" } },
};
const TEST_PORT = 20_811;

let server: TestConsole;
beforeAll(async () => {
  server = await startTestConsole(new Map(), { port: TEST_PORT });
});
afterAll(() => server.close());

async function state(token: string, payload: unknown): Promise<number> {
  const headers = { host: "127.0.0.1", authorization: `Bearer ${token}`, "content-type": "application/json" };
  const body = JSON.stringify(payload);
  return (await server.app.inject({ method: "POST", url: "/api/baselines", headers, body })).statusCode;
}

it("writes what was usual as records of the token's tenant, behind the key's other records", async () => {
  expect(await state(await server.token("acme", ["administer"]), { baselines: [BASELINE] })).toBe(200);
  const [record] = await server.events();
  expect(record?.envelope).toMatchObject({
    type: "statement",
    tenant: "acme",
    producer: { id: BASELINE_PRODUCER },
  });
  expect(record === undefined ? "" : eventKey(record.envelope)).toBe("acme/key:acme/1");
  expect(record?.payload).toMatchObject({ baseline: BASELINE.baseline });
});

it("takes nothing from those who may not, and nothing that is no baseline", async () => {
  const before = (await server.events()).length;
  expect(
    await state(await server.token("acme", ["read", "read_payload", "respond"]), { baselines: [BASELINE] }),
  ).toBe(403);
  const token = await server.token("acme", ["administer"]);
  expect(await state(token, { baselines: [] })).toBe(400);
  expect(await state(token, { baselines: [{ ...BASELINE, of: { actor: {} } }] })).toBe(400);
  const hour = { ...BASELINE.baseline, hours: [[168, 0, []]] };
  expect(await state(token, { baselines: [{ ...BASELINE, baseline: hour }] })).toBe(400);
  expect(await state(token, { baselines: Array.from({ length: 51 }, () => BASELINE) })).toBe(400);
  expect((await server.events()).length).toBe(before);
});
