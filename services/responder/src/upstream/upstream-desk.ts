import { type Revocation, TOPICS, type Upstream, upstreamKey } from "@tripline/events";
import type { Deadlines, PublicKey, Revoker } from "@tripline/response";
import { counter, type PartHealth, type ServiceContext } from "@tripline/service";
import { type Log, partitionOf, type RunnerHandle, runStep, type TableReader } from "@tripline/stream";
import type { DecisionRecords } from "../decision-records.ts";
import { raiseAlert } from "../raise-alert.ts";
import { isLive, type RevocationView } from "../revoke/revocation-view.ts";
import { type NextStep, nextStep } from "./next-step.ts";
import { RevokerSet } from "./revoker-set.ts";
import { nobodyRevokes, unhandledReason } from "./upstream-alerts.ts";
import { UpstreamJob } from "./upstream-job.ts";
import { aboutUpstream } from "./upstream-records.ts";
import { UPSTREAM_GROUP, upstreamStep } from "./upstream-step.ts";
import { UpstreamTable } from "./upstream-table.ts";

export interface UpstreamDeskOptions {
  log: Log;
  view: RevocationView;
  records: DecisionRecords;
  /** Whose signatures count. */
  keys: readonly PublicKey[];
  context: ServiceContext;
  deadlines(): Deadlines;
  /** How often it looks what is due, ms; default 5 s. */
  sweepEveryMs?: number;
}

const SWEEP_EVERY_MS = 5000; // how late an entry that ends by itself is lifted, where no more rest than one look takes
// The first time it looks, it takes up what is still warm and not the whole history of what was ever taken away.
const FIRST_LOOK_BACK_MS = 3600_000;
const MAX_BATCH_RECORDS = 100;
const RESTING_A_LOOK = 10_000; // some 10 ms; a hundred thousand are looked at within a minute

/** Revokes at the issuers what was taken away, asks until it is refused, and undoes it when it is over. */
export class UpstreamDesk {
  readonly #options: UpstreamDeskOptions;
  readonly #table: UpstreamTable;
  readonly #revokers = new RevokerSet();
  readonly #owned = new Set<number>();
  readonly #jobs = new Map<
    string,
    { job: UpstreamJob; partition: number; stop: AbortController; done: Promise<void> }
  >();
  readonly #attempts;
  #resting: Iterator<string>;
  #partitions = 1;
  #timer: NodeJS.Timeout | undefined;
  #reading: RunnerHandle | undefined;
  #failure: string | undefined;

  constructor(options: UpstreamDeskOptions) {
    this.#options = options;
    this.#table = new UpstreamTable(options.log, options.context);
    this.#resting = this.#table.keys();
    this.#attempts = counter(options.context.metrics, {
      name: "tripline_responder_upstream_attempts_total",
      help: "Attempts at issuers by revoker and how they ended",
      labels: ["revoker", "outcome"],
    });
  }

  /** The revocations are loaded, and `use` was called. */
  async start(): Promise<void> {
    const { log, view, keys, context } = this.#options;
    this.#partitions = await log.partitionCount(TOPICS.revocations);
    const reader: TableReader = await this.#table.open();
    reader.ended.catch((error: unknown) => this.#failed(error));
    this.#reading = await runStep({
      log,
      name: UPSTREAM_GROUP,
      topic: TOPICS.revocations,
      maxBatchRecords: MAX_BATCH_RECORDS,
      commitEveryMs: 0, // what is not committed is taken up again, and found to be wanted already
      logger: context.logger,
      open: async ({ partition }) => {
        const committed = await log.committed(TOPICS.revocations, UPSTREAM_GROUP);
        const from = committed.has(partition) ? 0 : context.now() - FIRST_LOOK_BACK_MS;
        this.#owned.add(partition);
        this.#sweep();
        return upstreamStep({
          keys,
          view,
          take: (entry, appendTime) => this.#take(entry, appendTime < from),
          onLost: () => this.#lost(partition),
        });
      },
    });
    this.#timer = setInterval(() => this.#sweep(), this.#options.sweepEveryMs ?? SWEEP_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading?.close();
    this.#owned.clear();
    const running = [...this.#jobs.values()];
    for (const { stop } of running) stop.abort();
    await Promise.all(running.map(({ done }) => done));
    await this.#table.close();
  }

  /** The revokers in force from now on. What failed before is tried again at once: the change may have mended it. */
  use(revokers: readonly Revoker[]): void {
    this.#revokers.use(revokers);
    for (const { job } of this.#jobs.values()) job.wake();
    this.#sweep();
  }

  /** What issuers will say about an entry; undefined where none is asked. */
  expects(entry: Revocation): { acknowledged: boolean; verified: boolean; reinstated: boolean } | undefined {
    const revokers = this.#revokers.for(entry).flatMap((name) => this.#revokers.get(name)?.revoker ?? []);
    if (revokers.length === 0) return undefined;
    return {
      acknowledged: true,
      verified: revokers.some(({ probes }) => probes),
      reinstated: revokers.some(({ reinstate }) => reinstate !== undefined),
    };
  }

  health(): PartHealth {
    if (this.#failure !== undefined) return { state: "failed", detail: this.#failure };
    if (this.#reading === undefined) return { state: "starting" };
    const troubles = new Set([...this.#jobs.values()].flatMap(({ job }) => job.trouble ?? []));
    if (troubles.size === 0) return this.#reading.health();
    return { state: "degraded", detail: [...troubles].slice(0, 3).join("; ") };
  }

  async #take(entry: Revocation, isOld: boolean): Promise<string> {
    const { records, log, context } = this.#options;
    if (entry.scope !== "credential" || entry.subject.startsWith("local:")) return "no_issuer";
    const now = context.now();
    if (entry.state !== "active") return this.#wakeAll(entry);
    if (isOld || !isLive(entry, now)) return "over";
    const names = this.#revokers.for(entry);
    for (const revoker of names) await this.#want(entry, revoker);
    if (names.length > 0) return "wanted";
    const reason = unhandledReason(entry);
    await records.write(entry.tenant, aboutUpstream(entry, "upstream_failed", { reason, now }));
    // Without any revoker nobody expects that an issuer is told.
    if (this.#revokers.size > 0) await raiseAlert(log, nobodyRevokes(entry, now));
    return "no_revoker";
  }

  #wakeAll({ tenant, subject, id: revocation_id }: Revocation): string {
    for (const revoker of this.#table.revokers()) {
      const key = upstreamKey({ tenant, subject, revocation_id, revoker });
      if (this.#table.get(key) !== undefined) this.#run(key);
    }
    return "changed";
  }

  async #want(entry: Revocation, revoker: string): Promise<void> {
    const { tenant, subject, id: revocation_id } = entry;
    const key = upstreamKey({ tenant, subject, revocation_id, revoker });
    const known = this.#table.get(key);
    if (known === undefined) {
      const at = new Date(this.#options.context.now()).toISOString();
      const state: Upstream = {
        v: 1,
        tenant,
        revocation_id,
        subject,
        revoker,
        stage: "wanted",
        at,
        ours: false,
        alerted: false,
      };
      await this.#table.write(state);
      this.#run(key, false);
    } else this.#run(key);
  }

  /** Starts what has something to do: after a start, an assignment, a change of settings, or by the time alone. */
  #sweep(): void {
    if (this.#owned.size === 0) return;
    for (const key of this.#table.unfinished()) this.#runIfDue(key);
    // Of those that rest, some at each look: whether they have ended by themselves meanwhile.
    for (let looked = 0; looked < RESTING_A_LOOK; looked += 1) {
      const { value: key, done } = this.#resting.next();
      if (done === true) {
        this.#resting = this.#table.keys();
        break;
      }
      this.#runIfDue(key);
    }
  }

  #runIfDue(key: string): void {
    const due = this.#due(key);
    // What is at work keeps its pace, unless something else is to be done now.
    const running = this.#jobs.get(key)?.job;
    if (due !== "rest" && (running === undefined || (due === "lift" && running.doing !== "lift")))
      this.#run(key);
  }

  #due(key: string): NextStep["do"] {
    const state = this.#table.get(key);
    const entry =
      state === undefined ? undefined : this.#options.view.entry(state.tenant, state.revocation_id);
    if (state === undefined || entry === undefined) return "rest";
    const now = this.#options.context.now();
    const { do: what } = nextStep(state, {
      live: isLive(entry, now),
      decidedAt: Date.parse(entry.decided_at),
      now,
      probes: true,
    });
    return what === "lift" || this.#revokers.get(state.revoker) !== undefined ? what : "rest";
  }

  /** Lets the job of a key go on, if its partition is ours. @param attempted whether the issuer may have been asked before */
  #run(key: string, attempted = true): void {
    const partition = partitionOf(key.slice(0, key.lastIndexOf("/")), this.#partitions);
    const running = this.#jobs.get(key);
    if (running !== undefined) {
      running.job.wake();
      return;
    }
    if (!this.#owned.has(partition)) return;
    const { log, view, records, context, deadlines } = this.#options;
    const stop = new AbortController();
    const job = new UpstreamJob(key, attempted, {
      log,
      view,
      table: this.#table,
      records,
      context,
      deadlines,
      revoker: (name) => this.#revokers.get(name),
      count: (revoker, outcome) => this.#attempts.inc({ revoker, outcome }),
    });
    const done = job
      .run(stop.signal)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => this.#jobs.delete(key));
    this.#jobs.set(key, { job, partition, stop, done });
  }

  #lost(partition: number): void {
    this.#owned.delete(partition);
    for (const running of this.#jobs.values()) if (running.partition === partition) running.stop.abort();
  }

  #failed(error: unknown): void {
    this.#failure = error instanceof Error ? error.message : "an unknown error";
    this.#options.context.logger.error({ err: error }, "revoking at issuers has failed");
  }
}
