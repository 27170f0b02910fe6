import { LOCAL_TENANT } from "@tripline/events";
import { decodeBlock, decodeColumns, decodePlaced, sealedBlock } from "@tripline/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestConsole, type TestConsole } from "../testing/test-console.ts";

const PORT = 20_830;
const BOTH = ["read_payload", "administer"] as const;
const ID = "0192f000-0000-7000-8000-000000000001";
const RECORDS = "/api/ledger/records?generation=memory-1&partition=0&from=0&to=100";
const COLUMNS = "/api/ledger/columns?generation=memory-1&partition=0&from=0&to=200000";
const ROUTES = [
  [COLUMNS, "ledger.read"],
  [RECORDS, "ledger.read"],
  [`${RECORDS}&exact=true`, "ledger.read"],
  [`/api/ledger/records-by-id?ids=${ID},${ID}`, "ledger.find"],
  ["/api/ledger/strays?since=2026-11-21T00:00:00Z&besides=memory-1:0:0:100,memory-1:1:5:9", "ledger.strays"],
  ["/api/ledger/erasures", "ledger.erasures"],
  ["/api/ledger/partitions", "ledger.partitions"],
] as const;

let server: TestConsole;
beforeAll(async () => {
  server = await startTestConsole(new Map(), { port: PORT });
});
afterAll(() => server.close());

async function get(url: string, token: string) {
  return server.app.inject({ url, headers: { host: "127.0.0.1", authorization: `Bearer ${token}` } });
}

describe.each(ROUTES)("%s", (url, action) => {
  it("answers who runs the installation and may read payloads, and records that", async () => {
    const answer = await get(url, await server.token(LOCAL_TENANT, BOTH));
    expect(answer.statusCode).toBe(200);
    expect(await server.readings()).toMatchObject([{ action }]);
  });

  it.each([
    ["another tenant's administrator", "acme", BOTH],
    ["who may not read payloads", LOCAL_TENANT, ["read", "administer"]],
    ["who does not administer", LOCAL_TENANT, ["read", "read_payload"]],
  ] as const)("refuses %s", async (_who, tenant, roles) => {
    const answer = await get(url, await server.token(tenant, roles));
    expect(answer.statusCode).toBe(403);
    expect(await server.readings()).toEqual([]);
  });

  it("answers nothing when that can't be recorded", async () => {
    const token = await server.token(LOCAL_TENANT, BOTH);
    server.breakLog(true);
    const answer = await get(url, token);
    server.breakLog(false);
    expect(answer.statusCode).toBe(503);
  });

  it("is described", async () => {
    const { paths } = (
      await server.app.inject({ url: "/openapi.json", headers: { host: "127.0.0.1" } })
    ).json();
    const [path = ""] = url.split("?");
    expect(paths[path]?.get?.description).toContain(`Recorded as \`${action}\``);
  });
});

it("an answer without records is still whole", async () => {
  const token = await server.token(LOCAL_TENANT, BOTH);
  expect(decodeBlock((await get(RECORDS, token)).rawPayload)).toEqual({
    rows: [],
    payloads: [],
    letters: [],
  });
  expect(await sealedBlock(decodeColumns((await get(COLUMNS, token)).rawPayload))).toEqual({
    rows: [],
    payloads: [],
    letters: [],
  });
  expect(decodePlaced((await get("/api/ledger/erasures", token)).rawPayload)).toEqual([]);
  await server.readings();
});

it.each(["from=0&to=40000", "from=5&to=4", "from=-1&to=4", "from=0&to=x"])(
  "a stretch of %s is refused",
  async (range) => {
    const url = `/api/ledger/records?generation=memory-1&partition=0&${range}`;
    expect((await get(url, await server.token(LOCAL_TENANT, BOTH))).statusCode).toBe(400);
    const columns = url.replace("records", "columns").replace("40000", "300000");
    expect((await get(columns, await server.token(LOCAL_TENANT, BOTH))).statusCode).toBe(400);
  },
);
