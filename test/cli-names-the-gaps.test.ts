import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../packages/cli/src/program.ts";
import { type SampleTenant, sampleGap } from "../services/console/src/testing/sample-data.ts";
import { startTestConsole, type TestConsole } from "../services/console/src/testing/test-console.ts";
import { CANARIES } from "./support/canaries.ts";

const PORT = 23_610;
const NOW = new Date("2026-11-21T09:15:00.000Z");
const nobody = { calls: [], payloads: new Map(), alerts: [], revocations: [], people: [] };
const dropped = sampleGap({
  kind: "dropped",
  producer: `gw ${CANARIES.ansi}`,
  declared: { spool_full: 5 },
  detail: "the producer itself declared 5 records as dropped",
});
const acme: SampleTenant = {
  ...nobody,
  gaps: [
    { gaps: [sampleGap()], boots: 20, records: 1_000, next: "1" },
    { gaps: [dropped], boots: 3, records: 50, next: null },
  ],
};

let server: TestConsole;
const zoneBefore = process.env.TZ;
beforeAll(async () => {
  process.env.TZ = "UTC";
  server = await startTestConsole(new Map([["acme", acme]]), { port: PORT });
  await server.app.listen({ host: "127.0.0.1", port: PORT });
});
afterAll(async () => {
  if (zoneBefore === undefined) delete process.env.TZ;
  else process.env.TZ = zoneBefore;
  await server.close();
});

async function gaps(tenant: string, ...options: string[]) {
  let out = "";
  let err = "";
  const code = await run(["gaps", ...options], {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env: { TRIPLINE_URL: server.url(), TRIPLINE_TOKEN: await server.token(tenant, ["read"]) },
    home: "/nowhere",
    now: () => NOW,
    width: null,
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

describe("tripline gaps", () => {
  it("goes through all pages, says each finding in words, and ends with 1", async () => {
    const { code, out, err } = await gaps("acme", "--since", "2026-11-20");
    expect(code).toBe(1);
    expect(out).toContain("missing  gw-1: 5 records were sent and are not stored\n");
    expect(out).toContain("    numbers 3, 5–8: 5 in all\n");
    expect(out).toContain("    between 2026-11-21 09:00:00.000 and 2026-11-21 09:00:10.000\n");
    expect(out).toContain("    declared as dropped: spool_full 5\n");
    expect(out).not.toContain("\u001b");
    expect(err).toContain("2 findings");
    expect(err).toContain("23 boots, 1050 records examined");
    expect((await server.readings()).map(({ action }) => action)).toEqual(["gaps.read", "gaps.read"]);
  });

  it("gives a JSON value a line to programs", async () => {
    const { code, out, err } = await gaps("acme", "--json", "--no-hashes");
    const lines = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ kind }) => kind)).toEqual(["missing", "dropped"]);
    expect([code, err]).toEqual([1, ""]);
  });

  it("ends with 0 where there is nothing, and with 2 where it could not look", async () => {
    expect(await gaps("other")).toMatchObject({ code: 0, out: "", err: expect.stringContaining("no gaps") });
    server.breakLog(true);
    expect((await gaps("acme")).code).toBe(2);
    server.breakLog(false);
  });
});
