import { IN_DOUBT_PRODUCER, type TriplineRecord } from "@tripline/events";
import type { Group } from "../engine/group.ts";
import { type ArgumentEffects, effectsOfArguments, effectsOfResult } from "../knowledge/call-effects.ts";
import { EFFECTS, type Effect, effectBit, namesOf, TOOL_CLASSES } from "../knowledge/effects.ts";
import type { ToolProfile } from "../knowledge/tool-profile.ts";
import { destinationsIn, mayNameDestinations } from "../text/destinations.ts";
import { type Features, featuresOf } from "../text/features.ts";
import { fnv1a } from "../text/hashing.ts";
import { leavesOf } from "../text/leaves.ts";
import { type Argument, argumentsOf } from "./arguments.ts";

/**
 * Which part of a call a record shows. A call that may change something is two records: its intent (`begin`, with the
 * arguments) and its end (`end`, with the outcome). Others are one (`whole`). `other` is no call.
 */
export type Phase = "begin" | "end" | "whole" | "other";

/** What an intent said that its call record does not repeat. */
export interface Begun {
  args: unknown;
  argsDigest: string | null;
}

/**
 * One record as rules see it: its named parts, worked out when asked for and at most once. `time` is the record's own
 * time, but never later than when the log took it.
 */
export class RecordView {
  readonly record: TriplineRecord;
  readonly time: number;
  readonly phase: Phase;
  readonly profile: ToolProfile;
  /** Groups worked out for this record, by their fields. */
  readonly groups = new Map<string, Group | null>();
  readonly #begun: Begun | null;
  readonly #internalHosts: readonly string[];
  #args: Argument[] | null = null;
  #argsText: string | null = null;
  #argumentEffects: ArgumentEffects | null = null;
  #effects: number | null = null;
  #argFeatures: Features | null = null;
  #resultFeatures: Features | null = null;
  #resultDestinations: ResultDestination[] | null = null;

  constructor(
    record: TriplineRecord,
    about: {
      time: number;
      phase: Phase;
      profile: ToolProfile;
      begun: Begun | null;
      internalHosts: readonly string[];
    },
  ) {
    this.record = record;
    this.time = about.time;
    this.phase = about.phase;
    this.profile = about.profile;
    this.#begun = about.begun;
    this.#internalHosts = about.internalHosts;
  }

  /** The arguments as captured, those of the intent where the call record has none. */
  get rawArgs(): unknown {
    return this.record.payload?.args ?? this.#begun?.args;
  }

  get argsDigest(): string | null {
    return this.record.payload?.args_digest ?? this.#begun?.argsDigest ?? null;
  }

  get args(): readonly Argument[] {
    this.#args ??= argumentsOf(this.rawArgs);
    return this.#args;
  }

  get argsText(): string {
    this.#argsText ??= this.args.map(({ text }) => text).join("\n");
    return this.#argsText;
  }

  get result(): string {
    return this.record.payload?.result ?? "";
  }

  get outcome(): string | undefined {
    return this.record.envelope.call?.outcome;
  }

  /** Whether this is no record of an end, but says that none was seen in time. The call's own record may follow. */
  get isClosing(): boolean {
    return this.record.envelope.producer.id === IN_DOUBT_PRODUCER;
  }

  /** True when the call ended, or may have ended, with a result: not refused, not failed. */
  get succeeded(): boolean {
    return this.outcome === undefined || this.outcome === "ok";
  }

  get argumentEffects(): ArgumentEffects {
    this.#argumentEffects ??= effectsOfArguments(this.profile, this.args, this.#internalHosts);
    return this.#argumentEffects;
  }

  /** Bit mask of EFFECTS: what the tool is known for, what the arguments add, what the result shows. */
  get effects(): number {
    this.#effects ??= this.profile.effects | this.argumentEffects.effects | effectsOfResult(this.result);
    return this.#effects;
  }

  has(effect: Effect): boolean {
    return (this.effects & effectBit(effect)) !== 0;
  }

  get effectNames(): Effect[] {
    return namesOf(EFFECTS, this.effects);
  }

  get classNames(): string[] {
    return namesOf(TOOL_CLASSES, this.profile.classes);
  }

  get argFeatures(): Features {
    this.#argFeatures ??= withFingerprints(
      featuresOf(this.argsText),
      this.record.payload?.fingerprints?.args,
    );
    return this.#argFeatures;
  }

  get resultFeatures(): Features {
    this.#resultFeatures ??= withFingerprints(
      featuresOf(this.result),
      this.record.payload?.fingerprints?.result,
    );
    return this.#resultFeatures;
  }

  /** Addresses, links and accounts that the result names, each once; as a field where it is one anywhere. */
  get resultDestinations(): readonly ResultDestination[] {
    this.#resultDestinations ??= destinationsOfResult(this.result);
    return this.#resultDestinations;
  }
}

export interface ResultDestination {
  hash: number;
  /** True when only free text names it. */
  prose: boolean;
}

const MAX_SCAN_CHARS = 64 * 1024; // of one result

function destinationsOfResult(result: string): ResultDestination[] {
  const scanned = result.length > MAX_SCAN_CHARS ? result.slice(0, MAX_SCAN_CHARS) : result;
  if (!mayNameDestinations(scanned)) return [];
  const found = new Map<number, boolean>();
  for (const leaf of leavesOf(scanned)) {
    for (const { hash } of destinationsIn(leaf.text))
      found.set(hash, leaf.prose && (found.get(hash) ?? true));
  }
  return [...found].map(([hash, prose]) => ({ hash, prose }));
}

const MAX_FINGERPRINTS = 256; // of each kind, beside those of the readable text

function withFingerprints(
  features: Features,
  fingerprints: { values: string[]; shingles: string[] } | undefined,
): Features {
  if (fingerprints === undefined) return features;
  return {
    secrets: features.secrets,
    values: [
      ...features.values,
      ...fingerprints.values.slice(0, MAX_FINGERPRINTS).map((each) => fnv1a(each)),
    ],
    shingles: [
      ...features.shingles,
      ...fingerprints.shingles.slice(0, MAX_FINGERPRINTS).map((each) => fnv1a(each)),
    ],
  };
}
