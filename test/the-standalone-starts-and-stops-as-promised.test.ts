import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OwnProcess, STANDALONE, startProcess } from "./support/own-process.ts";
import { type Standalone, startStandalone } from "./support/standalone.ts";
import { type StoredRow, storedRecords } from "./support/stored-records.ts";
import { waitFor } from "./support/wait-for.ts";

const PORT = 21_210;
const URL_HERE = `http://127.0.0.1:${PORT}`;
const READY_MS = 20_000; // 3 s on an idle machine; an operator who waits longer thinks that it hangs
const CALLER = new URL("support/numbered-caller.ts", import.meta.url).pathname;
const PARTS = ["archiver", "collector", "console", "detector", "http", "log", "responder", "store"];

interface Health {
  state: string;
  parts: Record<string, { state: string }>;
}

const folder = mkdtempSync(join(tmpdir(), "tripline-starts-"));
const data = join(folder, "data");
const processes: OwnProcess[] = [];

function start(args: string[], env: Record<string, string> = {}): OwnProcess {
  const started = startProcess(STANDALONE, { args, env });
  processes.push(started);
  return started;
}

afterAll(async () => {
  for (const each of processes) await each.end();
  rmSync(folder, { recursive: true, force: true });
});

const WRONG: { what: string; args: string[]; env: Record<string, string>; says: string[] }[] = [
  {
    what: "a flag with a wrong value",
    args: ["--port", "high"],
    env: {},
    says: ["port:", '"high" in --port', "allowed: "],
  },
  { what: "an unknown flag", args: ["--prot", "1"], env: {}, says: ["--prot", "--port"] },
  {
    what: "a variable with a wrong value",
    args: [],
    env: { TRIPLINE_LOG_LEVEL: "loud" },
    says: ["logLevel:", '"loud" in TRIPLINE_LOG_LEVEL', "allowed: ", "warn"],
  },
  {
    what: "a variable misspelt by one letter",
    args: [],
    env: { TRIPLINE_PROT: "1" },
    says: ["TRIPLINE_PROT", "TRIPLINE_PORT"],
  },
  {
    what: "several at once",
    args: ["--log", "redis://x:1"],
    env: { TRIPLINE_STORE: "nowhere" },
    says: ['"redis://x:1" in --log', "kafka://host:port", '"nowhere" in TRIPLINE_STORE'],
  },
];

describe("starting", () => {
  it("says 503 until every part is ready, then 200 with the state of each, within seconds", async () => {
    const began = performance.now();
    const service = start(["--data", data, "--port", String(PORT)]);
    const answers: { status: number; health: Health }[] = [];
    await waitFor(
      async () => {
        expect(service.running(), service.output()).toBe(true);
        const response = await fetch(`${URL_HERE}/health`);
        answers.push({ status: response.status, health: (await response.json()) as Health });
        return response.status === 200;
      },
      { what: "a ready service", timeoutMs: READY_MS },
    );
    expect(performance.now() - began).toBeLessThan(READY_MS);
    for (const { status, health } of answers) {
      const all = Object.values(health.parts).every(({ state }) => ["ready", "degraded"].includes(state));
      expect(status, JSON.stringify(health)).toBe(all ? 200 : 503);
    }
    const last = answers.at(-1)?.health;
    expect(last?.state).toBe("ready");
    expect(Object.keys(last?.parts ?? {})).toEqual(expect.arrayContaining(PARTS));
    await waitFor(() => service.output().includes("Tripline is ready"));
    expect(await service.end("SIGTERM"), service.output()).toBe(0);
  });

  it("answers everything else with 503 while it starts, and a signal ends it then too", async () => {
    const service = start(["--data", data, "--port", String(PORT)]);
    const early = await waitFor(() => fetch(`${URL_HERE}/api/calls`).catch(() => null), {
      what: "an answer while it starts",
    });
    expect([401, 503]).toContain(early.status);
    expect(await service.end("SIGTERM"), service.output()).toBe(0);
  });

  it.each(WRONG)("stops with 2 for $what, naming key, found and allowed", async ({ args, env, says }) => {
    const service = start(["--data", join(folder, "unused"), ...args], env);
    expect(await service.exited).toBe(2);
    for (const words of says) expect(service.output()).toContain(words);
    expect(service.output()).not.toMatch(/\n\s+at /); // no stack: it is the operator's to mend
  });

  it("says so when the port is taken, and leaves nothing running", async () => {
    const other = createServer((_request, response) => response.end());
    await new Promise<void>((resolve) => other.listen(PORT, "127.0.0.1", resolve));
    try {
      const service = start(["--data", data, "--port", String(PORT)]);
      expect(await service.exited).toBe(1);
      expect(service.output()).toContain(`can't listen on 127.0.0.1:${PORT}`);
      expect(service.output()).toContain("--port");
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });
});

describe("running", () => {
  let service: Standalone;
  let key: string;
  let token: string;
  let revocation: string;

  beforeAll(async () => {
    service = await startStandalone({ data, port: PORT });
    const made = await service.json<{ key: string }>("/v1/producers", {
      method: "POST",
      body: JSON.stringify({ id: "counter", credentials: ["local:counter", "local:thief"] }),
    });
    key = made.key;
    const person = await service.json<{ token: string }>("/v1/tokens", {
      method: "POST",
      body: JSON.stringify({ id: "reader", roles: ["read"] }),
    });
    token = person.token;
    const revoked = await service.json<{ id: string }>("/api/revocations", {
      method: "POST",
      body: JSON.stringify({ scope: "credential", subject: "local:mallory", reason: "a test" }),
    });
    revocation = revoked.id;
  });
  afterAll(async () => {
    await service?.dispose();
  });

  it("refuses a second process on the same data, and the first goes on", async () => {
    const second = start(["--data", data, "--port", String(PORT + 1)]);
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain(`is open in another process (pid ${service.child.pid})`);
    expect((await fetch(`${URL_HERE}/health`)).status).toBe(200);
    expect(await service.json<{ calls: StoredRow[] }>("/api/calls?limit=1")).toHaveProperty("calls");
    expect(JSON.parse(readFileSync(join(data, "client.json"), "utf8")).url).toBe(URL_HERE);
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "ends with 0 on %s under load, and loses nothing",
    async (signal) => {
      const caller = startProcess(CALLER, {
        env: {
          TRIPLINE_URL: URL_HERE,
          TRIPLINE_INGEST_KEY: key,
          STATE_DIR: join(folder, "agent"),
          ...(signal === "SIGTERM" ? { THIEF: "local:thief" } : {}),
        },
      });
      processes.push(caller);
      await waitFor(() => caller.lines().length > 300, { what: "load", timeoutMs: 20_000 });
      const code = await service.stop(signal);
      expect(code, service.output()).toBe(0);
      await caller.end("SIGKILL");
      const told = caller.lines().filter((line) => line.startsWith("call "));
      service = await startStandalone({ data, port: PORT });

      const again = startProcess(CALLER, {
        env: { TRIPLINE_URL: URL_HERE, TRIPLINE_INGEST_KEY: key, STATE_DIR: join(folder, "agent") },
      });
      processes.push(again);
      await waitFor(() => again.lines().length > 0, { what: "the next start" });
      expect(await again.end("SIGTERM"), again.output()).toBe(0);
      told.push(...again.lines().filter((line) => line.startsWith("call ")));
      await waitFor(
        async () => {
          const [newest] = (
            await service.json<{ calls: StoredRow[] }>("/api/calls?producer=counter&type=heartbeat&limit=1")
          ).calls;
          return again.lines().includes(`goodbye ${newest?.boot}`);
        },
        { what: "the goodbye to be stored" },
      );
      const stored = (await storedRecords(service, "producer=counter&type=call")).map((row) => row.call_id);
      expect(told.filter((line) => !stored.includes(line.slice("call ".length)))).toEqual([]);
      expect(new Set(stored).size).toBe(stored.length);
    },
  );

  it("kept tokens, producers, alerts and revocations over every restart", async () => {
    const asReader = { headers: { authorization: `Bearer ${token}` } };
    expect((await fetch(`${URL_HERE}/api/calls?limit=1`, asReader)).status).toBe(200);
    expect(JSON.parse(readFileSync(join(data, "client.json"), "utf8")).token).toBe(service.client.token);
    const { alerts } = await service.json<{ alerts: { rule_id: string }[] }>(
      "/api/alerts?credential=local:thief&rule=secret-read-then-sent",
    );
    expect(alerts).toHaveLength(1);
    const { revocations } = await service.json<{ revocations: { id: string; state: string }[] }>(
      "/api/revocations?subject=local:mallory",
    );
    expect(revocations).toMatchObject([{ id: revocation, state: "active" }]);

    const feed = await fetch(`${URL_HERE}/v1/revocations`, {
      headers: { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(10_000),
    });
    let text = "";
    for await (const chunk of feed.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (text.includes("event: loaded")) break;
    }
    expect(text).toContain(revocation);
  });
});
