import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OwnProcess, startProcess } from "./support/own-process.ts";
import { seeded } from "./support/seeded.ts";
import { type Standalone, startStandalone } from "./support/standalone.ts";
import { type StoredRow, storedRecords } from "./support/stored-records.ts";
import { waitFor } from "./support/wait-for.ts";

const PORT = 21_200; // the same at each restart: an interceptor knows one address
const CALLER = new URL("support/numbered-caller.ts", import.meta.url).pathname;
const SEED = Number(process.env.TRIPLINE_SEED ?? 20_261_121);
const ROUNDS = 6;
const FEWEST_LINES = 40; // between two kills
const MORE_LINES = 400;
const PRODUCER = "counter";
const RULE = "secret-read-then-sent";
const THIEVES = Array.from({ length: ROUNDS + 2 }, (_, n) => `local:thief-${n}`);

type Victim = "service" | "caller" | "both";
/** All three within six rounds, in an order that the seed decides. */
const VICTIMS: readonly Victim[] = ["service", "caller", "both"];

describe(`no accepted record is lost or doubled when everything is killed (TRIPLINE_SEED=${SEED})`, () => {
  const random = seeded(SEED);
  const folder = mkdtempSync(join(tmpdir(), "tripline-killed-"));
  const data = join(folder, "data");
  const accepted = { intent: new Set<string>(), call: new Set<string>(), chain: new Set<string>() };
  let service: Standalone;
  let caller: OwnProcess;
  let callers = 0;
  let key = "";
  let stored: StoredRow[] = [];

  const start = () => startStandalone({ data, port: PORT });
  const startCaller = (): OwnProcess =>
    startProcess(CALLER, {
      env: {
        TRIPLINE_URL: `http://127.0.0.1:${PORT}`,
        TRIPLINE_INGEST_KEY: key,
        STATE_DIR: join(folder, "agent"),
        THIEF: THIEVES[callers++] ?? "",
      },
    });
  /** Takes down what a caller that has ended was told. */
  function count(ended: OwnProcess): void {
    for (const line of ended.lines()) {
      const [what = "", which = ""] = line.split(" ");
      if (what === "intent" || what === "call" || what === "chain") accepted[what].add(which);
    }
  }
  const progress = (lines: number): Promise<unknown> => {
    const goal = caller.lines().length + lines;
    const ready = (): boolean => {
      if (!caller.running()) throw new Error(`the caller ended: ${caller.output().slice(-2000)}`);
      return caller.lines().length >= goal;
    };
    return waitFor(ready, { what: `${lines} more lines`, timeoutMs: 20_000 });
  };
  const some = (): number => FEWEST_LINES + Math.floor(random() * MORE_LINES);

  beforeAll(async () => {
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(
      join(data, "response.yaml"),
      `automatic_revocation:\n  limit: { keys: 100, minutes: 60 }\n  rules:\n    ${RULE}: { enabled: true }\n`,
      { mode: 0o600 },
    );
    service = await start();
    const made = await service.json<{ key: string }>("/v1/producers", {
      method: "POST",
      body: JSON.stringify({
        id: PRODUCER,
        issuers: ["local"],
        credentials: ["local:counter", ...THIEVES],
      }),
    });
    key = made.key;
    caller = startCaller();
    await progress(1);
  });

  afterAll(async () => {
    await caller?.end();
    await service?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it("goes on through kill -9 of each, and of both at once", { timeout: 120_000 }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const victim = VICTIMS[(round + Math.floor(random() * 2)) % VICTIMS.length] ?? "both";
      await progress(some());
      if (victim !== "caller") {
        await service.stop("SIGKILL");
        if (victim === "service") await progress(some());
      }
      if (victim !== "service") {
        await caller.end("SIGKILL");
        count(caller);
        caller = startCaller();
      }
      if (victim !== "caller") service = await start();
    }
    await progress(some());
    await caller.end("SIGTERM");
    count(caller);
    const boot = caller.lines().at(-1)?.replace("goodbye ", "");
    expect(boot, caller.output().slice(-500)).toMatch(/^[0-9a-f-]{36}$/);
    // One partition: whatever was sent before the last goodbye is archived before it.
    await waitFor(
      async () => {
        const goodbyes = await service.json<{ calls: StoredRow[] }>(
          `/api/calls?producer=${PRODUCER}&type=heartbeat&limit=1`,
        );
        return goodbyes.calls[0]?.boot === boot;
      },
      { what: "the last goodbye to be stored", timeoutMs: 30_000 },
    );
    stored = await storedRecords(
      service,
      `producer=${PRODUCER}&type=call,call.intent,tools.listed,heartbeat,revocation.applied`,
    );
  });

  it("stored each accepted intent and call, and each once", () => {
    expect(accepted.call.size).toBeGreaterThan(ROUNDS * FEWEST_LINES);
    for (const [type, ids] of [
      ["call.intent", accepted.intent],
      ["call", accepted.call],
    ] as const) {
      const found = stored.filter((row) => row.type === type).map((row) => row.call_id ?? "");
      expect(
        [...ids].filter((id) => !new Set(found).has(id)),
        `lost: ${type}`,
      ).toEqual([]);
      expect(found.length, `doubled: ${type}`).toBe(new Set(found).size);
    }
    expect(new Set(stored.map((row) => row.id)).size).toBe(stored.length);
  });

  it("left no gap in the numbers of any boot", () => {
    const boots = Map.groupBy(stored, (row) => row.boot);
    expect(boots.size).toBe(callers);
    for (const [boot, rows] of boots) {
      const numbers = rows.map((row) => row.seq).sort((a, b) => a - b);
      expect(numbers, boot).toEqual(Array.from({ length: rows.length }, (_, n) => n));
    }
  });

  it("raised one alert for each chain, and took each key away once", async () => {
    const chains = [...accepted.chain];
    expect(chains.length).toBeGreaterThan(1);
    const { revocations, alerts } = await waitFor(
      async () => {
        const all = {
          ...(await service.json<{ alerts: { id: string; credential: string }[] }>(
            `/api/alerts?rule=${RULE}&limit=500`,
          )),
          ...(await service.json<{ revocations: { subject: string; alert_id: string | null }[] }>(
            "/api/revocations?limit=500",
          )),
        };
        return chains.every((chain) => all.revocations.some((entry) => entry.subject === chain)) ? all : null;
      },
      { what: "every chain's revocation" },
    );
    for (const chain of chains) {
      const raised = alerts.filter((alert) => alert.credential === chain);
      expect(raised, `alerts of ${chain}`).toHaveLength(1);
      const taken = revocations.filter((entry) => entry.subject === chain);
      expect(taken.map((entry) => entry.alert_id)).toEqual([raised[0]?.id]);
    }
    expect(revocations.filter((entry) => entry.subject === "local:counter")).toEqual([]);
  });

  it("made one incident of each chain, which counts its alert once and says that the key is taken away", async () => {
    const chains = [...accepted.chain];
    const incidents = await waitFor(
      async () => {
        const answer = await service.json<{
          incidents: { credential: string; alerts: number; done_kind: string }[];
        }>(`/api/incidents?rule=${RULE}&limit=500`);
        const subjects = new Set(answer.incidents.map(({ credential }) => credential));
        return chains.every((chain) => subjects.has(chain)) ? answer.incidents : null;
      },
      { what: "every chain's incident" },
    );
    const made = incidents.map(({ credential, alerts, done_kind }) => `${credential} ${alerts} ${done_kind}`);
    expect(made.sort()).toEqual(chains.map((chain) => `${chain} 1 revoked`).sort());
  });
});
