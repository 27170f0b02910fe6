import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CommandContext } from "../packages/cli/src/context.ts";
import { run } from "../packages/cli/src/program.ts";
import {
  ANA,
  type SampleTenant,
  sampleAlert,
  sampleCall,
  sampleIncident,
  sampleRevocation,
} from "../services/console/src/testing/sample-data.ts";
import { startTestConsole, type TestConsole } from "../services/console/src/testing/test-console.ts";
import { CANARIES } from "./support/canaries.ts";

const PORT = 20_802;
const NOW = new Date("2026-11-21T09:15:00.000Z");
const TUESDAY = Date.parse("2026-11-17T09:00:00.000Z");

const calls = Array.from({ length: 520 }, (_, n) => sampleCall(n, TUESDAY));
const hostile = Object.values(CANARIES)
  .slice(0, -1)
  .map((text, at) =>
    sampleCall(600 + at, TUESDAY, {
      server: text,
      tool: text,
      credential: "local:stranger",
      session: "s-hostile",
    }),
  );
const refused = sampleCall(700, TUESDAY, { outcome: "denied" });
const { alert, row } = sampleAlert("acme", calls.slice(0, 2), {
  summary: `A key was mailed out ${CANARIES.ansi}`,
  why: "Whoever got the mail can use it.",
});
const revocation = sampleRevocation(alert, refused);
const { signature: _signature, key_id: _keyId, ...entry } = revocation.revocation;
const incident = sampleIncident(
  { alert: { ...alert, actor: { ...alert.actor, agent: "mail-assistant", team: "payments" } }, row },
  {
    alerts: 3,
    escalation: 1,
    done: {
      kind: "revoked",
      reason: "rule",
      revocation: {
        v: 1,
        id: entry.id,
        tenant: "acme",
        scope: "credential",
        subject: "local:notes",
        state: "active",
        reason: "rule",
        by: "policy",
        decided_at: entry.decided_at,
      },
      in_flight: [{ record_id: refused.id, server: "mail", tool: CANARIES.ansi, started: refused.time }],
    },
    history: [
      { at: alert.time, by: "policy", kind: "opened" },
      { at: refused.time, by: "policy", kind: "revoked", note: CANARIES.osc8 },
    ],
  },
);
const taken = sampleIncident(
  sampleAlert("acme", calls.slice(2, 4), { summary: "Another one", why: "Look at it." }),
  {
    state: "acknowledged",
    last_alert_at: refused.time,
    history: [{ at: refused.time, by: "ben", kind: "acknowledged", note: "on it" }],
  },
);
const over = sampleIncident(
  sampleAlert("acme", calls.slice(4, 6), { summary: "One from before", why: "It is over." }),
  { state: "false_positive" },
);
const acme: SampleTenant = {
  calls: [...calls, ...hostile, refused],
  payloads: new Map(
    calls.map((call) => [
      call.id,
      { salt: "0".repeat(32), args: { path: "/plan" }, result: `a\n${CANARIES.osc8}` },
    ]),
  ),
  alerts: [{ alert, row }],
  revocations: [revocation],
  incidents: [over, taken, incident],
  people: [{ subject_id: ANA, names: ["Ana Example"] }],
};
const DANGEROUS = /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u;

let server: TestConsole;
let data: string;
let token: string;
const zoneBefore = process.env.TZ;

beforeAll(async () => {
  process.env.TZ = "UTC";
  server = await startTestConsole(new Map([["acme", acme]]), { port: PORT });
  await server.app.listen({ host: "127.0.0.1", port: PORT });
  token = await server.token("acme", ["read", "read_payload"]);
  data = mkdtempSync(join(tmpdir(), "tripline-cli-"));
  const client = { url: server.url(), token, ingest_key: "tlp_unused" };
  writeFileSync(join(data, "client.json"), JSON.stringify(client), { mode: 0o600 });
});
afterAll(async () => {
  if (zoneBefore === undefined) delete process.env.TZ;
  else process.env.TZ = zoneBefore;
  await server.close();
  rmSync(data, { recursive: true, force: true });
});

/** Runs a command line as `tripline …` would, with its own clock and environment. */
async function tripline(line: readonly string[], changes: Partial<CommandContext> = {}) {
  let out = "";
  let err = "";
  const code = await run(line, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env: { TRIPLINE_HOME: data },
    home: data,
    now: () => NOW,
    width: null,
    signal: new AbortController().signal,
    ...changes,
  });
  return { code, out, err };
}

describe("asking", () => {
  it("shows the calls of a day by its name, on whose behalf", async () => {
    const { code, out } = await tripline([
      "calls",
      "--since",
      "tuesday",
      "--until",
      "tuesday",
      "--principal",
      "Ana",
      "--limit",
      "3",
    ]);
    expect(code).toBe(0);
    expect(out.split("\n")).toHaveLength(5);
    expect(out).toContain("2026-11-17 09:11:40.000");
    expect(out).toContain("Ana Example");
    expect((await tripline(["calls", "--since", "wednesday"])).err).toBe("no calls match\n");
  });

  it("fetches as many pages as are needed, one JSON value a line", async () => {
    const { out } = await tripline(["calls", "--limit", "530", "--json"]);
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(530);
    expect(JSON.parse(lines[0] ?? "").id).toBe(refused.id);
  });

  it.each([
    ["calls", "--credential", "local:stranger"],
    ["session", "s-hostile"],
    ["alerts"],
    ["alert", alert.id.slice(0, 12)],
    ["incidents", "list", "--state", "all"],
    ["incidents", "show", incident.id.slice(0, 12)],
    ["revocations"],
    ["revocations", alert.id.slice(0, 12)],
    ["call", calls[0]?.id ?? "", "--payload"],
    ...hostile.map((call) => ["call", call.id]),
  ])("lets nothing captured act on the terminal: %s %s", async (...line) => {
    const { code, out } = await tripline(line);
    expect(code).toBe(0);
    expect(out).not.toMatch(DANGEROUS);
  });

  it("fits the terminal it writes to", async () => {
    const { out } = await tripline(["alerts"], { width: 100, env: { TRIPLINE_HOME: data, NO_COLOR: "1" } });
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  it("tells an alert in words: what, why, what was done, how fast, what to do", async () => {
    const { out } = await tripline(["alert", alert.id]);
    for (const words of [
      "Whoever got the mail",
      "an AWS access key",
      "+14 ms",
      "Change the secret",
      "version 000000000000",
      "+7  carries output: the key that was read is in the mail",
      "tripline reinstate",
    ]) {
      expect(out).toContain(words);
    }
  });

  it("lists what is not over, what nobody has taken first", async () => {
    const { out } = await tripline(["incidents", "list"]);
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/critical +open +stopped +3 .*payments/);
    expect(lines[2]).toContain("acknowledged");
    expect((await tripline(["incidents", "list", "--state", "false_positive"])).out).toContain(
      "One from before",
    );
    expect((await tripline(["incidents", "list", "--credential", "local:nobody"])).err).toBe(
      "nothing is open\n",
    );
    const { out: json } = await tripline(["incidents", "list", "--state", "all", "--json"]);
    expect(
      json
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).id),
    ).toEqual([incident.id, taken.id, over.id]);
  });

  it("tells an incident in words: whose, what was done, what may still happen, what to type next", async () => {
    const { out } = await tripline(["incidents", "show", incident.id]);
    for (const words of [
      "nobody has taken it, escalated once",
      "team payments",
      "credential local:notes was taken away",
      "under way when the key died",
      "+14 ms",
      "Change the secret",
      "an AWS access key",
      `tripline incidents acknowledge ${incident.id.slice(0, 12)}`,
      `tripline reinstate ${alert.id.slice(0, 12)}`,
      "the gravest of 3 alerts",
    ]) {
      expect(out).toContain(words);
    }
    expect((await tripline(["incidents", "show", taken.id])).out).toContain("acknowledged by ben");
    expect((await tripline(["alert", alert.id])).out).toContain(
      `tripline incidents show ${incident.id.slice(0, 12)}`,
    );
    const { out: alerts } = await tripline(["alerts", "--incident", incident.id.slice(0, 12), "--json"]);
    expect(JSON.parse(alerts).id).toBe(alert.id);
  });

  it("shows a session with its alert between the calls", async () => {
    const { out } = await tripline(["session", "s-1"]);
    const lines = out.split("\n");
    expect(lines.findIndex((line) => line.includes("▲ critical"))).toBe(3);
    expect(lines.filter((line) => line.includes("/")).length).toBeGreaterThan(520);
  });

  it("shows a payload marked as what it is", async () => {
    const { out } = await tripline(["call", calls[0]?.id ?? "", "--payload"]);
    expect(out).toContain("as captured, untrusted");
    expect(out).toContain('"path": "/plan"');
  });
});

describe("how it ends", () => {
  it.each([
    [["calls", "--since", "soon"], 2],
    [["calls", "--outcome", "fine"], 2],
    [["nonsense"], 2],
    [["revoke", "credential", "local:x"], 2],
    [["incidents", "list", "--state", "fine"], 2],
    [["incidents", "show", "abcdef12"], 3],
    [["mute", "add", "--until", "8h", "--reason", "x"], 2],
    [["mute", "add", "--rule", "x", "--until", "yesterday", "--reason", "x"], 2],
    [["incidents", "false-positive", "0".repeat(64), "--reason", "x", "--where", "=x"], 2],
    [["call", "0192f5a0-0000-7000-8000-ffffffffffff"], 3],
    [["alert", "abcdef12"], 3],
    [["--help"], 0],
  ])("%j ends with %i", async (line, expected) => {
    expect((await tripline(line)).code).toBe(expected);
  });

  it("is refused with 4 without the role or with a wrong token, and says so", async () => {
    const reader = await server.token("acme", ["read"]);
    const env = { TRIPLINE_URL: server.url(), TRIPLINE_TOKEN: reader };
    expect(await tripline(["calls", "--text", "plan"], { env })).toMatchObject({
      code: 4,
      err: expect.stringContaining("read_payload"),
    });
    const wrong = { ...env, TRIPLINE_TOKEN: "tlu_wrong" };
    expect((await tripline(["calls"], { env: wrong })).code).toBe(4);
  });

  it("says what to do when nothing runs", async () => {
    const env = { TRIPLINE_URL: "http://127.0.0.1:20899", TRIPLINE_TOKEN: token };
    expect(await tripline(["calls"], { env })).toMatchObject({
      code: 1,
      err: expect.stringContaining("is it started"),
    });
    expect((await tripline(["calls"], { env: {}, home: "/nonexistent" })).err).toContain("no Tripline found");
  });

  it("never gives the data directory's token to another service", async () => {
    const { code, err } = await tripline(["calls", "--url", "http://127.0.0.1:20899"]);
    expect(code).toBe(1);
    expect(err).toContain("set TRIPLINE_TOKEN");
    expect(err).not.toContain(token);
  });

  it("leaves files readable by their owner only", () => {
    expect(statSync(join(data, "client.json")).mode & 0o077).toBe(0);
  });
});
