import { setTimeout as delay } from "node:timers/promises";
import { compileRuleSet, type DetectionOptions, type Rule, type RuleSet } from "@tripline/detection";
import { TriplineError } from "@tripline/events";
import type { ServiceContext } from "@tripline/service";
import type { RuleSetStore, SetName } from "./rule-set-store.ts";

type DetectionOptionsOfSet = Pick<DetectionOptions, "internalHosts" | "isTrustedServer" | "manifest">;

/** Rules as a stage judges by them. */
export interface JudgingSet {
  /** `number-hash`, as facts and state name it; empty for rules that never change. */
  readonly name: string;
  readonly number: number;
  readonly rules: readonly Rule[];
  readonly options: DetectionOptionsOfSet;
  /** Null for rules that never change. */
  readonly set: RuleSet | null;
}

/** Which rules judge. What has judged a record is decided by the records before it, so these only look sets up. */
export interface RulesInForce {
  /** The set that judges at that offset of a partition of the events topic, where no state says so. */
  initial(partition: number, offset: number): JudgingSet | Promise<JudgingSet>;
  /** @param name as a fact or state names it; empty: the first set there was */
  get(name: string): Promise<JudgingSet>;
  /** The record was read that announces this set to a partition of the events topic. */
  onAnnounced?(partition: number, set: JudgingSet): void;
}

/** Rules that never change. */
export function fixedRules(rules: readonly Rule[], options: DetectionOptionsOfSet = {}): RulesInForce {
  const only: JudgingSet = { name: "", number: 0, rules, options, set: null };
  return { initial: () => only, get: async () => only };
}

const ASK_EVERY_MS = 250; // until the first set of a new log is there
const MAX_COMPILED = 8; // sets kept ready; a set that is switched to is compiled in some 50 ms

/** The sets of the state topic. */
export class StoredRules implements RulesInForce {
  readonly #store: RuleSetStore;
  readonly #logger: ServiceContext["logger"];
  readonly #compiled = new Map<string, JudgingSet>();
  readonly onAnnounced: (partition: number, set: JudgingSet) => void;

  constructor(options: {
    store: RuleSetStore;
    logger: ServiceContext["logger"];
    onAnnounced: (partition: number, set: JudgingSet) => void;
  }) {
    this.#store = options.store;
    this.#logger = options.logger;
    this.onAnnounced = options.onAnnounced;
  }

  async initial(partition: number, offset: number): Promise<JudgingSet> {
    for (;;) {
      const changes = (await this.#store.head())?.changes ?? [];
      const change = changes.findLast(({ positions }) => (positions[partition] ?? -1) < offset) ?? changes[0];
      if (change !== undefined) return this.get(nameOf(change));
      await delay(ASK_EVERY_MS, undefined, { ref: false });
    }
  }

  async get(name: string): Promise<JudgingSet> {
    if (name === "") return this.initial(0, 0);
    const known = this.#compiled.get(name);
    if (known !== undefined) return known;
    return this.add(compileRuleSet(await this.#store.content(parsedName(name))));
  }

  /** Keeps a set ready that is about to be announced. */
  add(set: RuleSet): JudgingSet {
    const { number, world } = set.content;
    const judging: JudgingSet = {
      name: nameOf({ number, set: set.hash }),
      number,
      rules: set.rules,
      options: {
        internalHosts: world.internal_hosts,
        isTrustedServer: isOneOf(world.trusted_servers),
        manifest: set.manifest,
      },
      set,
    };
    for (const { file, message } of set.unreadable) {
      this.#logger.error(
        { file, problem: message, set: number },
        "this version can't read a rule of the set in force",
      );
    }
    this.#compiled.set(judging.name, judging);
    const [oldest] = this.#compiled.keys();
    if (this.#compiled.size > MAX_COMPILED && oldest !== undefined) this.#compiled.delete(oldest);
    return judging;
  }
}

function isOneOf(names: readonly string[]): (name: string) => boolean {
  const known = new Set(names);
  return (name) => known.has(name);
}

export function nameOf({ number, set }: SetName): string {
  return `${number}-${set}`;
}

/** @throws TriplineError TRIPLINE_RULE_SET_INVALID */
export function parsedName(name: string): SetName {
  const [, number, set] = /^(\d{1,15})-([0-9a-f]{64})$/.exec(name) ?? [];
  if (number === undefined || set === undefined)
    throw new TriplineError("TRIPLINE_RULE_SET_INVALID", "that is no name of a set of rules");
  return { number: Number(number), set };
}
