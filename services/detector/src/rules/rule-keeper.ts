import { setTimeout as delay } from "node:timers/promises";
import {
  compileRuleSet,
  composeRuleSet,
  isLaterSet,
  type RuleSetContent,
  sameSources,
} from "@tripline/detection";
import { isRetriable, TOPICS, TriplineError } from "@tripline/events";
import { OneAtATime, type PartHealth, type ServiceContext } from "@tripline/service";
import type { Log } from "@tripline/stream";
import type { ControlExceptions } from "./control-exceptions.ts";
import type { RuleDirectory } from "./rule-directory.ts";
import type { RuleHead, RuleSetStore, SetName } from "./rule-set-store.ts";
import { rulesChangedRecord } from "./rules-changed-record.ts";
import { type JudgingSet, nameOf, parsedName, StoredRules } from "./rules-in-force.ts";

const LOOK_EVERY_MS = 1000; // reading times of files beats watching: it also sees swapped links and network mounts
const RETRY_MS = 250; // while the log does not answer
const MAX_SHOWN_PROBLEMS = 3; // in the health's detail; the log and the record have all

export interface RuleKeeperOptions {
  log: Pick<Log, "produce" | "partitionCount" | "generation">;
  store: RuleSetStore;
  files: RuleDirectory;
  exceptions: ControlExceptions;
  logger: ServiceContext["logger"];
  /** ms since the epoch */
  now(): number;
  onInForce(set: JudgingSet): void;
}

/**
 * Brings what lies on the disk, and what people excepted at run time, into force, through records: the set becomes durable, then it is marked as on its way, then
 * every partition of the events topic gets a record that names it, then it is marked as done. Whoever dies in between, the
 * next one begins again. Done by the one who owns partition 0, at that moment, when files or exceptions change, and when told to.
 */
export class RuleKeeper {
  readonly rules: StoredRules;
  readonly #options: RuleKeeperOptions;
  #owner = false;
  #timer: NodeJS.Timeout | undefined;
  #signature = "";
  readonly #turns = new OneAtATime();
  /** What this process announced last. */
  #announced: SetName | null = null;
  /** A set that partition 0 was given by somebody else meanwhile. */
  #rival: SetName | null = null;
  #inForce: JudgingSet | null = null;
  #trouble: string | null = null;

  constructor(options: RuleKeeperOptions) {
    this.#options = options;
    this.rules = new StoredRules({
      store: options.store,
      logger: options.logger,
      onAnnounced: (partition, set) => this.#seen(partition, set),
    });
  }

  /** @throws TriplineError TRIPLINE_RULES_UNREADABLE */
  async start(): Promise<void> {
    await this.#options.files.read();
    await this.#options.exceptions.start();
    this.#signature = await this.#signatureNow();
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#owner = false;
    await this.#turns.idle();
    await this.#options.exceptions.stop();
  }

  /** Partition 0 of the events topic is here. Resolves when a set is in force: that of the files, where they can be read. */
  own(): Promise<void> {
    this.#owner = true;
    return this.#turns.run(async () => {
      for (;;) {
        try {
          return await this.#announce();
        } catch (error) {
          if (!this.#owner || !(await this.#isBearable(error))) throw error;
          if (!isRetriable(error)) return this.#keepInForce(error);
          this.#options.logger.warn({ error: String(error) }, "rules wait for the log");
          await delay(RETRY_MS, undefined, { ref: false });
        }
      }
    });
  }

  disown(): void {
    this.#owner = false;
  }

  /** Looks at the files now; what is wrong is logged and in `health` afterwards. */
  reload(): Promise<void> {
    return this.#turns.run(async () => {
      if (!this.#owner) return;
      try {
        await this.#announce();
        this.#trouble = null;
      } catch (error) {
        this.#keepInForce(error);
      }
    });
  }

  health(): PartHealth {
    const { failure } = this.#options.exceptions;
    if (failure !== null) return { state: "failed", detail: failure };
    if (this.#trouble !== null) return { state: "degraded", detail: this.#trouble };
    const set = this.#inForce?.set;
    const problems = set === undefined || set === null ? [] : [...set.content.problems, ...set.unreadable];
    if (problems.length === 0) return { state: "ready" };
    const shown = problems.slice(0, MAX_SHOWN_PROBLEMS).map(({ file, message }) => `${file}: ${message}`);
    const more = problems.length - shown.length;
    return {
      state: "degraded",
      detail: `rule files can't be used: ${shown.join(" | ")}${more > 0 ? ` and ${more} more` : ""}`,
    };
  }

  /** Whether another attempt, or the set in force, will do. */
  async #isBearable(error: unknown): Promise<boolean> {
    if (isRetriable(error)) return true;
    if (!(error instanceof TriplineError) || error.code !== "TRIPLINE_RULES_UNREADABLE") return false;
    return ((await this.#options.store.head())?.changes.length ?? 0) > 0;
  }

  #keepInForce(error: unknown): void {
    if (!(error instanceof TriplineError)) throw error;
    this.#trouble = error.message;
    this.#options.logger.error(
      { code: error.code, problem: error.message },
      "the rules could not be read again; the set in force stays",
    );
  }

  async #look(): Promise<void> {
    try {
      const signature = await this.#signatureNow();
      if (signature === this.#signature && this.#trouble === null) return;
      this.#signature = signature;
    } catch (error) {
      if (!(error instanceof TriplineError)) throw error;
      if (this.#trouble === null)
        this.#options.logger.error({ problem: error.message }, "the rules can't be read");
      this.#trouble = error.message;
      return;
    }
    await this.reload();
  }

  async #signatureNow(): Promise<string> {
    const { files, exceptions, now } = this.#options;
    return `${await files.signature()}\n${exceptions.signature(now())}`;
  }

  async #announce(): Promise<void> {
    const { log, store, files, exceptions, logger, now } = this.#options;
    const head = await store.head();
    const last = head?.changes.at(-1) ?? null;
    const before = last === null ? null : await store.content(last);
    const pending = head?.pending == null ? null : await this.#pendingContent(head.pending);
    const taken = Math.max(last?.number ?? 0, head?.pending?.number ?? 0, this.#rival?.number ?? 0);
    const sources = { ...(await files.read()), exceptions: exceptions.all() };
    const draft = composeRuleSet(sources, before, {
      number: taken + 1,
      at: new Date(now()).toISOString(),
    });
    const isBehind = this.#rival !== null && (last === null || isLaterSet(this.#rival, last));
    if (before !== null && head?.pending === null && !isBehind && sameSources(draft, before)) return;
    const content = pending !== null && !isBehind && sameSources(draft, pending) ? pending : draft;
    const set = compileRuleSet(content);
    const name: SetName = { number: content.number, set: set.hash };
    this.rules.add(set);
    await store.write(content);
    const changes = head?.changes ?? [];
    await store.writeHead({ v: 1, pending: name, changes });
    this.#announced = name;
    const partitions = await log.partitionCount(TOPICS.events);
    const positions = await log.produce(
      TOPICS.events,
      Array.from({ length: partitions }, (_, partition) =>
        rulesChangedRecord(set, log.generation, partition),
      ),
    );
    await store.writeHead({
      v: 1,
      pending: null,
      changes: [...changes, changeOf(name, content, positions, changes)],
    });
    this.#rival = null;
    for (const { file, message } of content.problems)
      logger.error({ file, problem: message }, "a rule file can't be used");
    logger.info(
      {
        set: content.number,
        hash: set.hash.slice(0, 16),
        rules: set.rules.length,
        problems: content.problems.length,
      },
      "a set of rules is in force",
    );
  }

  /** Null where it was named and never written whole, or by a version that this one can't read. */
  async #pendingContent(pending: SetName): Promise<RuleSetContent | null> {
    try {
      return await this.#options.store.content(pending);
    } catch (error) {
      if (!(error instanceof TriplineError)) throw error;
      this.#options.logger.warn(
        { set: pending.number, problem: error.message },
        "a set of rules was given up",
      );
      return null;
    }
  }

  #seen(partition: number, set: JudgingSet): void {
    this.#inForce = set;
    this.#options.onInForce(set);
    if (partition !== 0 || !this.#owner || set.set === null) return;
    if (this.#announced !== null && nameOf(this.#announced) === set.name) return;
    if (this.#announced === null || !isLaterSet(parsedName(set.name), this.#announced)) return;
    this.#rival = parsedName(set.name);
    void this.reload();
  }
}

/** The first set of a log judges from its beginning; later ones behind their record. */
function changeOf(
  name: SetName,
  { at }: RuleSetContent,
  positions: readonly { partition: number; offset: number }[],
  before: RuleHead["changes"],
): RuleHead["changes"][number] {
  const offsets: number[] = [];
  for (const { partition, offset } of positions) offsets[partition] = before.length === 0 ? -1 : offset;
  return { ...name, at, positions: offsets };
}
