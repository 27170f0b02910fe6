import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CANARIES } from "../../../test/support/canaries.ts";
import { rulesAnswer } from "./api/rules.ts";
import { alertAnswer, alertsAnswer } from "./schemas/alerts.ts";
import { callAnswer, callsAnswer, payloadAnswer } from "./schemas/calls.ts";
import { erasuresAnswer, holdsAnswer } from "./schemas/erasures.ts";
import { gapsAnswer } from "./schemas/gaps.ts";
import { incidentAnswer, incidentsAnswer } from "./schemas/incidents.ts";
import { overviewAnswer } from "./schemas/overview.ts";
import { revocationAnswer, revocationsAnswer } from "./schemas/revocations.ts";
import { sessionAnswer } from "./schemas/sessions.ts";
import {
  ANA,
  type SampleTenant,
  sampleAlert,
  sampleCall,
  sampleGap,
  sampleIncident,
  sampleRevocation,
} from "./testing/sample-data.ts";
import { startTestConsole, type TestConsole } from "./testing/test-console.ts";

const START = Date.parse("2026-11-17T09:00:00.000Z");
const calls = Array.from({ length: 120 }, (_, n) => sampleCall(n, START));
const hostile = sampleCall(200, START, { tool: CANARIES.formula, server: CANARIES.line_feed });
const refused = sampleCall(201, START, { outcome: "denied", credential: "local:notes" });
const { alert, row } = sampleAlert("acme", calls.slice(0, 2), {
  summary: "A key was mailed out",
  why: "It is gone.",
});
const incident = sampleIncident(
  { alert, row },
  { history: [{ at: alert.time, by: "person-1", kind: "acknowledged", note: "mine" }] },
);
const acme: SampleTenant = {
  calls: [...calls, hostile, refused],
  payloads: new Map(
    calls.map((call) => [
      call.id,
      { salt: "0".repeat(32), args: { path: "/secret/plan" }, result: "the plan" },
    ]),
  ),
  alerts: [{ alert, row }],
  revocations: [sampleRevocation(alert, refused)],
  incidents: [incident],
  people: [{ subject_id: ANA, names: ["Ana Example"] }],
  gaps: [{ gaps: [sampleGap()], boots: 1, records: 10, next: null }],
};
const [firstCall] = calls;
if (firstCall === undefined) throw new Error("no calls");

const ROUTES = [
  { url: "/api/overview", role: "read", action: "overview.read", schema: overviewAnswer },
  { url: "/api/calls", role: "read", action: "calls.search", schema: callsAnswer },
  { url: `/api/calls/${firstCall.id}`, role: "read", action: "call.read", schema: callAnswer },
  {
    url: `/api/calls/${firstCall.id}/payload`,
    role: "read_payload",
    action: "payload.read",
    schema: payloadAnswer,
  },
  { url: "/api/sessions/s-1", role: "read", action: "session.read", schema: sessionAnswer },
  { url: "/api/alerts", role: "read", action: "alerts.search", schema: alertsAnswer },
  { url: `/api/alerts/${alert.id}`, role: "read", action: "alert.read", schema: alertAnswer },
  {
    url: "/api/incidents?state=open,acknowledged",
    role: "read",
    action: "incidents.search",
    schema: incidentsAnswer,
  },
  { url: `/api/incidents/${incident.id}`, role: "read", action: "incident.read", schema: incidentAnswer },
  { url: "/api/gaps?producer=gw-1", role: "read", action: "gaps.read", schema: gapsAnswer },
  { url: "/api/revocations", role: "read", action: "revocations.search", schema: revocationsAnswer },
  { url: `/api/revocations/${alert.id}`, role: "read", action: "revocation.read", schema: revocationAnswer },
  { url: "/api/rules", role: "read", action: "rules.read", schema: rulesAnswer },
  { url: "/api/erasures", role: "read", action: "erasures.search", schema: erasuresAnswer },
  { url: "/api/holds", role: "read", action: "holds.search", schema: holdsAnswer },
] as const;
const ROLES = ["read", "read_payload", "respond", "erase", "hold", "administer"] as const;

let server: TestConsole;
beforeAll(async () => {
  server = await startTestConsole(new Map([["acme", acme]]));
});
afterAll(() => server.close());

/** Put together here, so that no file holds what looks like a key. */
const secretsForm = () => ["sk", "ant", "CanaryCanary0123456789CanaryCanary"].join("-");

async function get(url: string, token: string | null, headers: Record<string, string> = {}) {
  return await server.app.inject({
    url,
    headers: {
      host: "127.0.0.1",
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
  });
}

describe("who may read what", () => {
  describe.each(ROUTES)("$url", ({ url, role, action }) => {
    it.each(ROLES)("with only the role %s", async (only) => {
      const token = await server.token("acme", [only]);
      const answer = await get(url, token);
      const readings = await server.readings();
      if (only === role) {
        expect(answer.statusCode).toBe(200);
        expect(readings.map((reading) => reading.action)).toEqual([action]);
      } else {
        expect(answer.statusCode).toBe(403);
        expect(answer.json()).toMatchObject({ error: { code: "TRIPLINE_ROLE_MISSING" } });
        expect(readings).toEqual([]);
      }
    });

    it("refuses nobody, strangers and producers", async () => {
      expect((await get(url, null)).statusCode).toBe(401);
      expect((await get(url, "tlu_guess")).statusCode).toBe(401);
      expect((await get(url, await server.producerKey("acme"))).statusCode).toBe(403);
    });

    it("shows nothing of a tenant to another one, and records the try", async () => {
      const answer = await get(url, await server.token("other", [...ROLES]));
      expect(answer.body).not.toContain("local:notes");
      expect(answer.body).not.toContain(ANA);
      expect(answer.body).not.toContain("the plan");
      expect([200, 404]).toContain(answer.statusCode);
      expect(await server.readings()).toMatchObject([{ action }]);
    });
  });

  it("answers nothing when the reading can't be recorded", async () => {
    const token = await server.token("acme", [...ROLES]);
    server.breakLog(true);
    const answers = await Promise.all(ROUTES.map(({ url }) => get(url, token)));
    server.breakLog(false);
    for (const answer of answers) {
      expect(answer.statusCode).toBe(503);
      expect(answer.json()).toMatchObject({ error: { code: "TRIPLINE_READING_NOT_RECORDED" } });
    }
  });

  it("answers as the schemas say", async () => {
    const token = await server.token("acme", [...ROLES]);
    for (const { url, schema } of ROUTES) {
      expect(schema.safeParse((await get(url, token)).json()).error, url).toBeUndefined();
    }
  });

  it("says whose token it is", async () => {
    const token = await server.token("acme", ["read"]);
    expect((await get("/api/me", token)).json()).toMatchObject({ tenant: "acme", roles: ["read"] });
    expect((await get("/api/me", null)).statusCode).toBe(401);
  });
});

describe("what a role sees", () => {
  it("shows envelopes and subject ids, but no names and no payloads, to read", async () => {
    const token = await server.token("acme", ["read"]);
    for (const { url, role } of ROUTES) {
      if (role !== "read") continue;
      const { body } = await get(url, token);
      expect(body).not.toContain("the plan");
      expect(body).not.toContain("/secret/plan");
      expect(body).not.toContain("Ana Example");
      // Summaries and notes quote arguments and results.
      expect(body).not.toContain('"summary":"A key was mailed out"');
      expect(body).not.toContain("an AWS access key");
      expect(body).not.toContain("the key that was read");
    }
    expect((await get("/api/calls", token)).json().calls[0].principal).toBe(ANA);
  });

  it("adds an alert's words for read_payload", async () => {
    const token = await server.token("acme", ["read", "read_payload"]);
    const { body } = await get(`/api/alerts/${alert.id}`, token);
    expect(body).toContain("A key was mailed out");
    expect(body).toContain("an AWS access key");
  });

  it("adds names for read_payload", async () => {
    const token = await server.token("acme", ["read", "read_payload"]);
    expect((await get("/api/calls", token)).json().names).toEqual({ [ANA]: ["Ana Example"] });
  });

  it("keeps text search and finding people by name to read_payload", async () => {
    const reader = await server.token("acme", ["read"]);
    const payloadReader = await server.token("acme", ["read", "read_payload"]);
    for (const filter of ["text=plan", "principal=Ana"]) {
      expect((await get(`/api/calls?${filter}`, reader)).statusCode).toBe(403);
      expect((await get(`/api/calls?${filter}`, payloadReader)).json().calls.length).toBeGreaterThan(0);
    }
    expect((await get(`/api/calls?principal=${ANA}`, reader)).statusCode).toBe(200);
  });

  it("marks a payload as untrusted", async () => {
    const token = await server.token("acme", ["read_payload"]);
    expect((await get(`/api/calls/${firstCall.id}/payload`, token)).json()).toEqual({
      untrusted: true,
      intent: null,
      call: { record_id: firstCall.id, state: "stored", payload: acme.payloads.get(firstCall.id) },
    });
  });
});

describe("the access records", () => {
  it("hold the filters, but of free text and names only the hash", async () => {
    const token = await server.token("acme", ["read", "read_payload"]);
    await server.readings();
    await get("/api/calls?text=launch%20code&principal=Ana&tool=read_file&limit=3", token);
    const [reading] = await server.readings();
    expect(reading?.query).not.toMatch(/launch|Ana/);
    expect(JSON.parse(reading?.query ?? "")).toEqual({
      limit: 3,
      principal: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      text: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      tool: "read_file",
    });
  });

  it("say what was asked, without the secret that somebody asked with", async () => {
    const token = await server.token("acme", ["read", "read_payload"]);
    await server.readings();
    const canary = secretsForm();
    for (const url of [
      `/api/calls?tool=${canary}&limit=3`,
      `/api/calls?credential=local:${canary}`,
      `/api/calls?server=password=hunter2canary`,
      `/api/calls/${canary}`,
      `/api/calls/${canary}/payload`,
      `/api/sessions/${canary}`,
      `/api/alerts/${canary}`,
      `/api/revocations/${canary}`,
    ]) {
      await get(url, token);
      const [reading] = await server.readings();
      server.breakLog(true);
      await get(url, token);
      server.breakLog(false);
      expect(reading?.query, url).not.toMatch(/CanaryCanary|hunter2canary/);
      expect(reading?.query, url).toMatch(
        /"(tool|credential|server|id)":"[^"]*⟨[a-z_]+:[A-Za-z0-9_-]+\.[0-9a-f]{16}⟩"/,
      );
    }
  });

  it("are the only place where a question is written: the service's own log holds none", async () => {
    const token = await server.token("acme", ["read"]);
    await get("/api/calls?tool=loggedcanary", token);
    await get("/api/calls/loggedcanary", token);
    await get("/api/calls?limit=loggedcanary", token);
    expect(server.ownLog()).toContain("/api/calls/:id");
    expect(server.ownLog()).not.toMatch(/loggedcanary|CanaryCanary|hunter2canary/);
  });

  it("name the asker and count what was shown", async () => {
    const token = await server.token("acme", ["read"]);
    await server.readings();
    const me = (await get("/api/me", token)).json();
    await get("/api/calls?limit=7", token);
    expect(await server.readings()).toMatchObject([{ by: me.id, action: "calls.search", records: 7 }]);
  });
});

describe("calls", () => {
  it("come in pages that fit together", async () => {
    const token = await server.token("acme", ["read"]);
    const ids: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: { calls: { id: string }[]; next: string | null } = (
        await get(`/api/calls?limit=50${cursor === "" ? "" : `&cursor=${cursor}`}`, token)
      ).json();
      ids.push(...page.calls.map((call) => call.id));
      cursor = page.next;
    }
    expect(new Set(ids).size).toBe(122);
    expect(ids).toHaveLength(122);
  });

  it.each([
    "since=yesterday",
    "limit=0",
    "limit=501",
    "outcome=fine",
    "tool=",
    "nonsense=1",
    `text=${"x".repeat(1025)}`,
  ])("refuse %s with the place of the mistake", async (query) => {
    const token = await server.token("acme", ["read", "read_payload"]);
    const answer = await get(`/api/calls?${query}`, token);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ error: { code: "TRIPLINE_REQUEST_INVALID" } });
  });

  it("take times with any zone and several outcomes", async () => {
    const token = await server.token("acme", ["read"]);
    const at = encodeURIComponent("2026-11-17T10:03:20+01:00");
    const answer = await get(`/api/calls?since=${at}&outcome=denied,timeout`, token);
    expect(answer.json().calls.map((call: { id: string }) => call.id)).toEqual([refused.id]);
  });
});

describe("the CSV file", () => {
  it("holds all matching calls, formulas and line breaks made inert, each page recorded", async () => {
    const token = await server.token("acme", ["read"]);
    await server.readings();
    const answer = await get("/api/calls", token, { accept: "text/csv" });
    expect(answer.headers["content-type"]).toMatch(/^text\/csv/);
    expect(answer.headers["content-disposition"]).toContain("attachment");
    const lines = answer.body.trimEnd().split("\r\n");
    expect(lines).toHaveLength(123);
    expect(answer.body).toContain(`'${CANARIES.formula}`);
    expect(answer.body).not.toMatch(/(^|,)=cmd/m);
    expect(answer.body.replaceAll("\r\n", "")).not.toMatch(/[\n\r]/);
    expect(await server.readings()).toMatchObject([{ action: "calls.search", records: 122 }]);
  });

  it("is refused as a whole when its first page can't be recorded", async () => {
    const token = await server.token("acme", ["read"]);
    server.breakLog(true);
    const answer = await get("/api/calls?format=csv", token);
    server.breakLog(false);
    expect(answer.statusCode).toBe(503);
    expect(answer.body).not.toContain("local:notes");
  });
});

describe("a revocation", () => {
  it("tells its way in steps with milliseconds", async () => {
    const token = await server.token("acme", ["read"]);
    const { timeline } = (await get(`/api/revocations/${alert.id}`, token)).json();
    expect(
      timeline.steps.map((step: { step: string; after_ms: number }) => [step.step, step.after_ms]),
    ).toEqual([
      ["completed", 0],
      ["detected", 6],
      ["decided", 9],
      ["applied", 14],
      ["first_refusal", 200_000],
    ]);
    expect(timeline).toMatchObject({
      detected_ms: 6,
      decided_ms: 9,
      applied_ms: 14,
      first_refusal_ms: 200_000,
    });
  });
});

describe("history", () => {
  const url = "/api/history?since=2026-11-17T09:00:00Z&until=2026-11-17T10:00:00Z";

  it("gives whole records, oldest first, to who may read payloads, and records each page before it leaves", async () => {
    await server.readings();
    const answer = await get(url, await server.token("acme", ["read_payload"]));
    expect(answer.headers["content-type"]).toBe("application/x-ndjson");
    const lines = answer.body.trimEnd().split("\n");
    const records = lines.map((line) => JSON.parse(line)).filter((line) => "envelope" in line);
    expect(records.map(({ envelope }) => envelope.id)).toEqual(acme.calls.map(({ id }) => id));
    expect(records[0]).toMatchObject({ payload: { result: "the plan" }, has_payload: true });
    expect(records.at(-1)).toMatchObject({ payload: null, has_payload: false });
    const readings = await server.readings();
    expect(readings.map(({ action, records: count }) => [action, count])).toEqual([
      ["history.read", 50],
      ["history.read", 50],
      ["history.read", 22],
    ]);
  });

  it("goes on behind the page that a cursor names", async () => {
    const token = await server.token("acme", ["read_payload"]);
    const lines = (await get(`${url}&cursor=100`, token)).body.trimEnd().split("\n");
    expect(lines).toHaveLength(23);
    expect(lines.at(-1)).toBe('{"next":null}');
    await server.readings();
  });

  it("shows nothing to others, and nothing that is not recorded", async () => {
    expect((await get(url, await server.token("acme", ["read", "respond", "administer"]))).statusCode).toBe(
      403,
    );
    expect((await get(url, await server.token("other", ["read_payload"]))).body).toBe('{"next":null}\n');
    server.breakLog(true);
    const refused = await get(url, await server.token("acme", ["read_payload"]));
    server.breakLog(false);
    expect(refused.statusCode).toBe(503);
    expect(refused.body).not.toContain("the plan");
    await server.readings();
  });
});

describe("the description", () => {
  it("lists every route with its parameters and answers", async () => {
    const answer = await get("/openapi.json", null);
    const { openapi, paths } = answer.json();
    expect(openapi).toBe("3.1.0");
    for (const path of [
      "/api/calls",
      "/api/calls/{id}/payload",
      "/api/sessions/{id}",
      "/api/overview",
      "/api/me",
    ]) {
      expect(paths[path]?.get?.responses?.["200"]).toBeDefined();
    }
    const parameters = paths["/api/calls"].get.parameters.map(
      (parameter: { name: string }) => parameter.name,
    );
    expect(parameters).toEqual(
      expect.arrayContaining(["since", "until", "principal", "text", "cursor", "format"]),
    );
  });
});

describe("the page's files", () => {
  it("come with a policy that lets nothing else run", async () => {
    const answer = await get("/", null);
    expect(answer.statusCode).toBe(200);
    const policy = String(answer.headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toContain("unsafe");
    expect(answer.body).not.toMatch(/<script(?![^>]*src=)|\son\w+=|style=/);
  });

  it.each(["/../package.json", "/%2e%2e/package.json", "/../src/console.ts", "/.env"])(
    "are the only ones: %s",
    async (url) => {
      expect((await get(url, null)).statusCode).toBeGreaterThanOrEqual(400);
    },
  );
});
