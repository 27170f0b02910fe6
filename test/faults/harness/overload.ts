import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseRecord, TOPICS } from "@tripline/events";
import { openStore } from "@tripline/store";
import { type Installation, TENANT } from "./installation.ts";
import type { Goodbye, Measured } from "./loader.process.ts";
import { wholeTopic } from "./reference-alerts.ts";
import { STANDALONE } from "./standalone-installation.ts";

const LOADER = new URL("loader.process.ts", import.meta.url).pathname;
const ASK_EVERY_MS = 200;
const PROBE_CALLS_PER_SECOND = 100;
const PAGE_ROWS = 500; // the most that one page holds
const RECORD_TYPES = ["call", "call.intent", "tools.listed", "heartbeat", "revocation.applied"] as const;
const STABLE_LOOKS = 10; // looks in a row that find the archiver's count as it was: it is through

export interface OverloadOptions {
  installation: Installation;
  directory: string;
  /** s without load first, to compare with */
  idleSeconds: number;
  seconds: number;
  loaders: number;
  /** of each loader */
  callsPerSecond: number;
}

export interface OverloadResult {
  /** of an interceptor beside the load, at 100 calls/s */
  idle: Measured;
  loaded: Measured;
  loaders: Measured[];
  goodbyes: Goodbye[];
  /** ms that the console took for a page of calls; answers that were not 200 */
  console: { idle: number[]; loaded: number[]; failed: number };
  /** MiB of the service's own memory during the load */
  memory: number[];
  offeredPerSecond: number;
  storedPerSecond: number;
  /** s from the end of the load until everything was stored */
  drainSeconds: number;
  /** what the loaders and the probe made, the rows of it in the store, and how many of these are different records */
  records: number;
  rows: number;
  distinct: number;
  /** of the loaders and the probe: records they made that are not in the log, by their numbers */
  missing: number;
}

/** More calls than the installation can take, for a while, and what becomes of them. Stops the service at the end. */
export async function overload(options: OverloadOptions): Promise<OverloadResult> {
  const { installation, directory, idleSeconds, seconds, callsPerSecond } = options;
  const service = installation.services.get(STANDALONE);
  const probe = await startLoader(installation, directory, "probe");
  const loaders: Loader[] = [];
  for (let n = 0; n < options.loaders; n++)
    loaders.push(await startLoader(installation, directory, `loader-${n}`));
  const crew = [probe, ...loaders];
  try {
    await probe.rate(PROBE_CALLS_PER_SECOND);
    const idleConsole = await asking(installation, idleSeconds, () => undefined);
    const idle = await probe.rate(PROBE_CALLS_PER_SECOND);

    const rowsBefore = await rowsOf(installation);
    await Promise.all(loaders.map((loader) => loader.rate(callsPerSecond)));
    const memory: number[] = [];
    const loadedConsole = await asking(installation, seconds, () =>
      memory.push(anonymousMib(service?.pid ?? 0)),
    );
    const [loaded, ...measured] = await Promise.all(crew.map((member) => member.rate(0)));
    const rowsAfter = await rowsOf(installation);
    if (loaded === undefined) throw new Error("the probe measured nothing");
    const ended = performance.now();
    const goodbyes = await Promise.all(crew.map((member) => member.finish()));
    await untilStable(installation);
    const drainSeconds = (performance.now() - ended) / 1000;

    const boots = new Map(goodbyes.map(({ boot, records }) => [boot, { records, seqs: new Set<number>() }]));
    await installation.withLog(async (log) => {
      for (const { value } of await wholeTopic(log, TOPICS.events)) {
        const { envelope } = parseRecord(new TextDecoder().decode(value ?? new Uint8Array()));
        boots.get(envelope.producer.boot)?.seqs.add(envelope.producer.seq);
      }
    });
    let missing = 0;
    for (const { records, seqs } of boots.values()) missing += Math.max(0, records - seqs.size);
    const stored = await storedOf(
      join(directory, "data", "store"),
      crew.map(({ name }) => name),
    );
    return {
      idle,
      loaded,
      loaders: measured,
      goodbyes,
      console: {
        idle: idleConsole.ms,
        loaded: loadedConsole.ms,
        failed: idleConsole.failed + loadedConsole.failed,
      },
      memory,
      offeredPerSecond: (measured.reduce((sum, { calls }) => sum + calls, 0) / seconds) * 2, // intent and call
      storedPerSecond: (rowsAfter - rowsBefore) / seconds,
      drainSeconds,
      records: goodbyes.reduce((sum, { records }) => sum + records, 0),
      rows: stored.rows,
      distinct: stored.distinct,
      missing,
    };
  } finally {
    for (const { child } of crew) child.kill("SIGKILL");
  }
}

interface Loader {
  name: string;
  child: ChildProcess;
  /** Changes the rate. @returns what the stretch before cost */
  rate(callsPerSecond: number): Promise<Measured>;
  finish(): Promise<Goodbye>;
}

async function startLoader(installation: Installation, directory: string, name: string): Promise<Loader> {
  const key = await installation.enrol(name, []);
  const child = fork(LOADER, {
    execArgv: [],
    env: {
      ...process.env,
      TRIPLINE_URL: installation.url,
      TRIPLINE_INGEST_KEY: key,
      STATE_DIR: join(directory, name),
      TENANT,
      PRODUCER: name,
    },
  });
  const gone = new Promise<never>((_, reject) =>
    child.once("exit", (code, signal) => reject(new Error(`${name} ended with ${code ?? signal}`))),
  );
  gone.catch(() => undefined); // heard of by whoever waits for an answer
  const heard = <T>(what: string): Promise<T> =>
    Promise.race([
      gone,
      new Promise<T>((resolve) => {
        const listen = (message: Record<string, unknown>): void => {
          if (!(what in message)) return;
          child.off("message", listen);
          resolve(message[what] as T);
        };
        child.on("message", listen);
      }),
    ]);
  await heard("ready");
  return {
    name,
    child,
    async rate(callsPerSecond) {
      const answer = heard<Measured>("measured");
      child.send({ callsPerSecond });
      return await answer;
    },
    async finish() {
      const answer = heard<Goodbye>("goodbye");
      child.send("finish");
      return await answer;
    },
  };
}

/** Asks the console for a page of calls again and again. */
async function asking(
  installation: Installation,
  seconds: number,
  each: () => void,
): Promise<{ ms: number[]; failed: number }> {
  const until = performance.now() + seconds * 1000;
  const ms: number[] = [];
  let failed = 0;
  while (performance.now() < until) {
    const started = performance.now();
    const answer = await installation.request("/api/calls?limit=50");
    await answer.arrayBuffer();
    if (answer.status !== 200) failed += 1;
    ms.push(performance.now() - started);
    each();
    await delay(
      Math.max(0, Math.min(ASK_EVERY_MS - (performance.now() - started), until - performance.now())),
    );
  }
  return { ms, failed };
}

async function rowsOf(installation: Installation): Promise<number> {
  const text = await (await installation.request("/metrics")).text();
  let rows = 0;
  for (const line of text.split("\n")) {
    if (line.startsWith("tripline_archiver_rows_total{") && line.includes('table="records"'))
      rows += Number(line.slice(line.lastIndexOf(" ")));
  }
  return rows;
}

/** Resolves when the archiver writes nothing any more. */
async function untilStable(installation: Installation): Promise<void> {
  let rows = await rowsOf(installation);
  for (let same = 0; same < STABLE_LOOKS; ) {
    await delay(ASK_EVERY_MS);
    const now = await rowsOf(installation);
    same = now === rows ? same + 1 : 0;
    rows = now;
  }
}

/** Of an embedded store that nobody has open. */
async function storedOf(
  dataDir: string,
  producers: readonly string[],
): Promise<{ rows: number; distinct: number }> {
  const store = await openStore({ dataDir });
  const reader = store.reader({ tenant: TENANT, payloads: false });
  let rows = 0;
  const ids = new Set<string>();
  for (const producer of producers) {
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof reader.searchCalls>> = await reader.searchCalls(
        { producer, types: RECORD_TYPES },
        { limit: PAGE_ROWS, ...(cursor === null ? {} : { cursor }) },
      );
      rows += page.rows.length;
      for (const { id } of page.rows) ids.add(id);
      cursor = page.next;
    } while (cursor !== null);
  }
  await store.close();
  return { rows, distinct: ids.size };
}

function anonymousMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
