import { join } from "node:path";
import { type OwnProcess, startProcess } from "../../support/own-process.ts";
import { waitFor } from "../../support/wait-for.ts";
import { type Installation, TENANT } from "./installation.ts";

const CALLER = new URL("caller.process.ts", import.meta.url).pathname;
const GOODBYE_TIMEOUT_MS = 90_000; // a spool that filled while the collector was away is sent first
const PROGRESS_TIMEOUT_MS = 60_000;
/** An ingest key may name so many credentials; each chain uses one up. */
export const THIEVES_PER_CALLER = 900;

/** All that callers were told is accepted. */
export interface Accepted {
  /** ids of calls whose intent is on file, and of those whose end is */
  intents: Set<string>;
  calls: Set<string>;
  /** credentials that read a secret and sent it out */
  chains: Set<string>;
  /** boots that said goodbye */
  goodbyes: Set<string>;
  /** what callers said they dropped or had refused; nothing, unless a test fills their disk */
  lost: string[];
}

export interface WorkloadOptions {
  installation: Installation;
  /** where callers keep their spools */
  directory: string;
  callers?: number;
  /** of each caller; default 60 */
  callsPerSecond?: number;
  /** calls of one caller from one chain to the next; default 120 */
  chainEvery?: number;
}

export interface Workload {
  readonly accepted: Accepted;
  readonly producers: readonly string[];
  /** How many callers there are; `kill(n)` counts from 0. */
  readonly size: number;
  /** Resolves when the callers together had so many more accepts. */
  progress(accepts: number): Promise<void>;
  /** kill -9 of a caller, and its next start, which finds the spool of the one before. */
  kill(caller: number): Promise<void>;
  /** SIGTERM to all; resolves when each has sent what it had and said goodbye. */
  finish(): Promise<void>;
  /** kill -9 of what still runs. */
  dispose(): Promise<void>;
}

/** Agents as child processes, each a producer of its own with a spool of its own. */
export async function startWorkload(options: WorkloadOptions): Promise<Workload> {
  const { installation, directory, callers = 2, callsPerSecond = 60, chainEvery = 120 } = options;
  const accepted: Accepted = {
    intents: new Set(),
    calls: new Set(),
    chains: new Set(),
    goodbyes: new Set(),
    lost: [],
  };
  const crew: { name: string; key: string; thieves: string[]; process: OwnProcess; read: number }[] = [];

  function start(name: string, key: string, thieves: string[]): OwnProcess {
    return startProcess(CALLER, {
      env: {
        TRIPLINE_URL: installation.url,
        TRIPLINE_INGEST_KEY: key,
        STATE_DIR: join(directory, name),
        TENANT,
        PRODUCER: name,
        CREDENTIALS: workersOf(name).join(","),
        THIEVES: thieves.join(","),
        CALLS_PER_SECOND: String(callsPerSecond),
        CHAIN_EVERY: String(chainEvery),
      },
    });
  }

  /** Takes down what this caller has said since it was last looked at. */
  function hear(member: (typeof crew)[number]): void {
    const lines = member.process.lines();
    for (; member.read < lines.length; member.read++) {
      const [what, which = ""] = (lines[member.read] ?? "").split(" ");
      if (what === "intent") accepted.intents.add(which);
      else if (what === "call") accepted.calls.add(which);
      else if (what === "chain") accepted.chains.add(which);
      else if (what === "goodbye") accepted.goodbyes.add(which);
      else if (what === "lost" && which !== '{"dropped":{},"refused":0}') accepted.lost.push(which);
    }
  }
  const accepts = (): number => {
    for (const member of crew) hear(member);
    return accepted.intents.size + accepted.calls.size;
  };

  for (let n = 0; n < callers; n++) {
    const name = `caller-${n}`;
    const thieves = Array.from({ length: THIEVES_PER_CALLER }, (_, i) => `local:${name}-thief-${i}`);
    const key = await installation.enrol(name, [...workersOf(name), ...thieves]);
    crew.push({ name, key, thieves, process: start(name, key, thieves), read: 0 });
  }

  return {
    accepted,
    producers: crew.map(({ name }) => name),
    size: callers,
    async progress(more) {
      const goal = accepts() + more;
      const ended = () => crew.find((member) => !member.process.running());
      await waitFor(() => accepts() >= goal || ended() !== undefined, {
        what: `${more} more accepts`,
        timeoutMs: PROGRESS_TIMEOUT_MS,
      });
      const gone = ended();
      if (gone !== undefined) throw new Error(`${gone.name} ended: ${gone.process.output().slice(-2000)}`);
    },
    async kill(n) {
      const member = crew[n];
      if (member === undefined) throw new RangeError(`there is no caller ${n}`);
      await member.process.end("SIGKILL");
      hear(member);
      // A thief that was killed half-way may have been caught by then: the next one starts with the next.
      const used = member.thieves.findLastIndex((thief) => accepted.chains.has(thief));
      member.thieves = member.thieves.slice(used + 2);
      member.process = start(member.name, member.key, member.thieves);
      member.read = 0;
    },
    async finish() {
      const ends = crew.map(async (member) => {
        // One that was started a moment ago does not listen to signals yet.
        const speaks = () => member.process.lines().length > 0 || !member.process.running();
        await waitFor(speaks, { what: `${member.name} to begin`, timeoutMs: GOODBYE_TIMEOUT_MS });
        const late = setTimeout(() => member.process.child.kill("SIGKILL"), GOODBYE_TIMEOUT_MS);
        await member.process.end("SIGTERM");
        clearTimeout(late);
        hear(member);
        if (!member.process.lines().at(-1)?.startsWith("goodbye "))
          throw new Error(`${member.name} did not say goodbye: ${member.process.output().slice(-2000)}`);
      });
      await Promise.all(ends);
    },
    async dispose() {
      await Promise.all(crew.map((member) => member.process.end("SIGKILL")));
    },
  };
}

/** The honest credentials of a caller: keys that spread over partitions. */
function workersOf(name: string): string[] {
  return [0, 1, 2].map((n) => `local:${name}-worker-${n}`);
}
