import type { Alert } from "@tripline/events";
import { loadOrCreateSigningKey } from "@tripline/response";
import { createContext } from "@tripline/service";
import { createMemoryLog, type Log } from "@tripline/stream";
import { afterEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { ControlsView, ControlsWriter, followControls } from "../controls/index.ts";
import { Decider } from "../decide/decider.ts";
import { Outcomes } from "../decide/outcomes.ts";
import { anId, FakeInterceptor } from "../enforcement/testing/events.ts";
import { TriageWriter } from "../incidents/index.ts";
import { followRevocations } from "../revoke/revocation-table.ts";
import { RevocationView } from "../revoke/revocation-view.ts";
import { RevocationWriter } from "../revoke/revocation-writer.ts";
import { parseResponseConfig } from "../settings/response-yaml.ts";
import { anAlert, Bench } from "../testing/bench.ts";
import { Halts } from "./halts.ts";
import { Proposals } from "./proposals.ts";

const PORT = 20780;
const ON = `
automatic_revocation:
  limit: {keys: 2, minutes: 60}
  rules: {send: {enabled: true}, dry: {enabled: true, dry_run: true}}
`;
const RESPOND = { roles: ["respond"] as const, id: "ana" };

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.remove();
  bench = undefined;
});

async function running(yaml: string): Promise<Bench> {
  bench = await Bench.create(PORT, yaml);
  await bench.start();
  return bench;
}

function ofKey(credential: string, changes: Partial<Alert> = {}): Alert {
  return anAlert({
    actor: { credential, assurance: "verified" },
    response: { revocable: true, scope: "credential", subject: credential },
    ...changes,
  });
}

async function decide(at: Bench, alert: Alert): Promise<string[]> {
  await at.alert(alert);
  return (await at.decided(alert)).map(({ kind }) => kind);
}

describe("at the limit", () => {
  test("automatic revocation stops for the tenant, pages once, stays stopped over a restart and after the minutes, until a person resumes", async () => {
    const at = await running(ON);
    const alerts: Alert[] = [];
    await at.log.consume({
      topic: "tripline.alerts",
      group: "test",
      onAssigned: async () => ({
        startAt: 0,
        onBatch: async (records) => {
          for (const { value } of records) alerts.push(JSON.parse(Buffer.from(value ?? []).toString()));
        },
      }),
    });
    expect(await decide(at, ofKey("local:a"))).toEqual(["revoked"]);
    expect(await decide(at, ofKey("local:b"))).toEqual(["revoked"]);
    expect(await decide(at, ofKey("local:c"))).toEqual(["withheld"]);
    expect(await decide(at, ofKey("local:d"))).toEqual(["withheld"]);
    expect(await decide(at, ofKey("local:a", { tenant: "other" }))).toEqual(["revoked"]);
    expect(
      await decide(at, ofKey("local:e", { rule: { id: "dry", title: "t", hash: "b".repeat(64) } })),
    ).toEqual(["withheld"]);
    const halted = () => at.decisions.filter(({ decision }) => decision.kind === "halted");
    expect(halted()).toMatchObject([{ tenant: "acme", decision: { by: "policy" } }]);
    await waitFor(() => alerts.some(({ rule }) => rule.id === "revocation-limit-reached"));

    await at.stop();
    at.clock = () => Date.now() + 2 * 3600_000;
    await at.start();
    expect(await decide(at, ofKey("local:f"))).toEqual(["withheld"]);
    const shown = await at.call({ roles: ["read"] }, "GET", "/api/response");
    expect(shown.body).toMatchObject({
      automatic_revocation: { halted: { reason: expect.stringMatching(/2 keys/) } },
    });
    expect((await at.call({ roles: ["read"], tenant: "other" }, "GET", "/api/response")).body).toMatchObject({
      automatic_revocation: { halted: null },
    });

    const resumed = await at.call(RESPOND, "POST", "/api/response/resume", {
      reason: "looked at all of them",
    });
    expect(resumed.status).toBe(200);
    expect(await decide(at, ofKey("local:g"))).toEqual(["revoked"]);
    expect(at.decisions.map(({ decision }) => decision)).toContainEqual(
      expect.objectContaining({ kind: "resumed", by: "ana", reason: "looked at all of them" }),
    );
    expect((await at.call(RESPOND, "POST", "/api/response/resume", { reason: "again" })).status).toBe(409);
    expect(alerts.filter(({ rule }) => rule.id === "revocation-limit-reached")).toHaveLength(1);
  });

  test("after a person resumed, what was revoked before counts no more", async () => {
    const at = await running(ON);
    for (const key of ["a", "b", "c"]) await decide(at, ofKey(`local:${key}`));
    await at.call(RESPOND, "POST", "/api/response/resume", { reason: "r" });
    expect(await decide(at, ofKey("local:d"))).toEqual(["revoked"]);
    expect(await decide(at, ofKey("local:e"))).toEqual(["revoked"]);
    expect(await decide(at, ofKey("local:f"))).toEqual(["withheld"]);
    expect(at.decisions.filter(({ decision }) => decision.kind === "halted")).toHaveLength(2);
  });

  test("a share of the keys in use is kept, as the events topic shows them", async () => {
    const at = await running(ON.replace("keys: 2", "keys: 100, percent: 10"));
    const gateway = new FakeInterceptor("gw-1");
    const calls = Array.from({ length: 30 }, (_, i) => gateway.call(anId(), { credential: `local:k${i}` }));
    await at.log.produce("tripline.events", calls);
    await at.log.produce("tripline.events", [gateway.heartbeat()]);
    await waitFor(async () => /watch_batch_seconds_count\{[^}]*\} [1-9]/.test(await at.metrics()));
    const kinds: string[] = [];
    for (let i = 0; i < 5; i += 1) kinds.push(...(await decide(at, ofKey(`local:k${i}`))));
    expect(kinds).toEqual(["revoked", "revoked", "revoked", "withheld", "withheld"]);
  });
});

/** A responder's deciding part alone, as it would be in a process of its own. */
async function aDecider(log: Log, dir: string): Promise<{ decider: Decider; close(): Promise<void> }> {
  const context = createContext({ service: "test", logLevel: "silent" });
  const key = loadOrCreateSigningKey(dir);
  const view = new RevocationView();
  const revocations = new RevocationWriter({ log, key, view });
  const controls = new ControlsView();
  const writer = new ControlsWriter({ log, view: controls });
  const records = { write: async () => undefined };
  const keys = [{ id: key.id, public_key: key.publicKey }];
  const tables = [
    await followRevocations({ log, view, keys, context }),
    await followControls({ log, view: controls, context }),
  ];
  const halts = new Halts({ log, view: controls, writer, records, context });
  const triage = new TriageWriter(log);
  const inFlight = () => [];
  const proposals = new Proposals({
    view: controls,
    writer,
    revocations,
    records,
    triage,
    inFlight,
    context,
  });
  const decider = new Decider({
    ...{ view, writer: revocations, records, halts, proposals, context },
    outcomes: new Outcomes(view),
    watch: { activeKeys: () => 0, inFlight: () => [] },
    config: () => parseResponseConfig(ON),
  });
  return {
    decider,
    close: async () => {
      for (const table of tables) await table.close();
      await context.close();
    },
  };
}

test("two responders that decide in the same instant exceed the limit by one key at most, and then both stand still", async () => {
  bench = await Bench.create(PORT, ON, createMemoryLog(), 1);
  const { log, dir } = bench;
  const two = [await aDecider(log, `${dir}/keys`), await aDecider(log, `${dir}/keys`)];
  const decisions = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const alert = ofKey(`local:key-${i}`);
      return two[i % 2]?.decider.handle(alert, Date.now());
    }),
  );
  expect(decisions.filter((kind) => kind === "revoke").length).toBeLessThanOrEqual(3);
  expect(decisions.filter((kind) => kind === "revoke").length).toBeGreaterThanOrEqual(2);
  for (const each of two) expect(await each.decider.handle(ofKey("local:last"), Date.now())).toBe("withheld");
  for (const each of two) await each.close();
});

test("what a person reinstated counts against the limit all the same", async () => {
  const at = await running(ON);
  const alert = ofKey("local:a");
  await decide(at, alert);
  await at.call(RESPOND, "POST", `/api/revocations/${alert.id}/reinstate`, { reason: "r" });
  expect(await decide(at, ofKey("local:b"))).toEqual(["revoked"]);
  expect(await decide(at, ofKey("local:c"))).toEqual(["withheld"]);
});
