import { IN_DOUBT_PRODUCER, type TriplineRecord } from "@tripline/events";
import type { Group } from "../engine/group.ts";
import { type ArgumentEffects, effectsOfArguments, effectsOfResult } from "../knowledge/call-effects.ts";
import { EFFECTS, type Effect, effectBit, namesOf, TOOL_CLASSES } from "../knowledge/effects.ts";
import { type Manifest, NO_MANIFEST } from "../knowledge/manifest.ts";
import type { ToolProfile } from "../knowledge/tool-profile.ts";
import { leavesOf } from "../output/index.ts";
import { destinationsIn, mayNameDestinations } from "../text/destinations.ts";
import { type Features, featuresOf } from "../text/features.ts";
import { fnv1a } from "../text/hashing.ts";
import { type Argument, argumentsBelow, argumentsOf } from "./arguments.ts";
import { type KeyedField, READ_EFFECTS, READ_MORE } from "./keyed-fields.ts";

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

/** What the engine knows of a record besides the record itself. */
export interface RecordContext {
  /** ms since the epoch: the record's own time, but never later than when the log took it. */
  time: number;
  /** When the log took it, ms since the epoch by the log's clock. */
  appendTime: number;
  phase: Phase;
  /** What its server said of the tool, if anything. */
  listed: ToolProfile | null;
  tools: { profileOf(record: TriplineRecord, listed: ToolProfile | null): ToolProfile };
  begun: Begun | null;
  internalHosts: readonly string[];
  /** What the operator says of servers and tools. Default: nothing. */
  manifest?: Manifest;
  /** Names of the keyed fields that findings are remembered by. */
  keyedFields: ReadonlySet<string>;
}

const CLASS_BITS = 2 ** TOOL_CLASSES.length;
const namesOfEffects: (readonly Effect[] | undefined)[] = []; // one for each of 2^9 sets that occurs

function effectNames(effects: number): readonly Effect[] {
  const known = namesOfEffects[effects];
  if (known !== undefined) return known;
  const names = namesOf(EFFECTS, effects);
  namesOfEffects[effects] = names;
  return names;
}

let serials = 0;

/**
 * One record as rules see it: its named parts, worked out when asked for and at most once.
 *
 * Every part says in `reads` that it was looked at, each time that it is: what a rule finds is remembered by what it
 * looked at (`engine/dispatch.ts`). Inside this class parts are therefore read through private members, and a new
 * part that is neither a keyed field nor an effect must call `#looked`. `record-view.test.ts` holds all parts to this.
 */
export class RecordView {
  /** Unlike that of any other view: what is remembered of one record is remembered under it. */
  readonly serial: number;
  readonly type: TriplineRecord["envelope"]["type"];
  readonly phase: Phase;
  /** Whether this is no record of an end, but says that none was seen in time. The call's own record may follow. */
  readonly isClosing: boolean;
  readonly outcome: string | undefined;
  /** What has been looked at, bits of `READ_*`. Whoever wants to know sets it to 0 before. */
  reads = 0;
  readonly #record: TriplineRecord;
  readonly #context: RecordContext;
  #profile: ToolProfile | null = null;
  #groups: Map<string, Group | null> | null = null;
  #args: Argument[] | null = null;
  #argsText: string | null = null;
  #argumentValues: readonly string[] | null = null;
  #argumentTexts: Map<string, readonly string[] | undefined> | null = null;
  #argumentEffects: ArgumentEffects | null = null;
  #effects = -1;
  #argFeatures: Features | null = null;
  #resultFeatures: Features | null = null;
  #resultDestinations: ResultDestination[] | null = null;

  constructor(record: TriplineRecord, context: RecordContext) {
    serials += 1;
    this.serial = serials;
    this.#record = record;
    this.#context = context;
    this.type = record.envelope.type;
    this.phase = context.phase;
    this.isClosing = record.envelope.producer.id === IN_DOUBT_PRODUCER;
    this.outcome = record.envelope.call?.outcome;
  }

  #looked(): void {
    this.reads |= READ_MORE;
  }

  get record(): TriplineRecord {
    this.#looked();
    return this.#record;
  }

  get time(): number {
    this.#looked();
    return this.#context.time;
  }

  get appendTime(): number {
    this.#looked();
    return this.#context.appendTime;
  }

  get profile(): ToolProfile {
    this.#looked();
    return this.#toolProfile();
  }

  get manifest(): Manifest {
    this.#looked();
    return this.#context.manifest ?? NO_MANIFEST;
  }

  /** Groups worked out for this record, by their fields. */
  get groups(): Map<string, Group | null> {
    this.#looked();
    this.#groups ??= new Map();
    return this.#groups;
  }

  /** A field of KEYED_FIELDS. Not noted as looked at where what is found is remembered by it anyway. */
  keyed(name: string, read: KeyedField): string | undefined {
    if (!this.#context.keyedFields.has(name)) this.#looked();
    return read(this.#record.envelope);
  }

  /** The arguments as captured, those of the intent where the call record has none. */
  get rawArgs(): unknown {
    this.#looked();
    return this.#rawArguments();
  }

  get argsDigest(): string | null {
    this.#looked();
    return this.#record.payload?.args_digest ?? this.#context.begun?.argsDigest ?? null;
  }

  get args(): readonly Argument[] {
    this.#looked();
    return this.#argumentList();
  }

  /** The text of each scalar of the arguments; the same list each time. */
  get argumentValues(): readonly string[] {
    this.#looked();
    this.#argumentValues ??= this.#argumentList().map(({ text }) => text);
    return this.#argumentValues;
  }

  /** Every scalar at or below the argument of this path, undefined when there is none. */
  argumentTexts(path: string): readonly string[] | undefined {
    this.#looked();
    this.#argumentTexts ??= new Map();
    const known = this.#argumentTexts.get(path);
    if (known !== undefined || this.#argumentTexts.has(path)) return known;
    const found = argumentsBelow(this.#argumentList(), path);
    this.#argumentTexts.set(path, found);
    return found;
  }

  get argsText(): string {
    this.#looked();
    return this.#argumentText();
  }

  get result(): string {
    this.#looked();
    return this.#resultText();
  }

  /** True when the call ended, or may have ended, with a result: not refused, not failed. */
  get succeeded(): boolean {
    return this.outcome === undefined || this.outcome === "ok";
  }

  get argumentEffects(): ArgumentEffects {
    this.#looked();
    return this.#effectsOfArguments();
  }

  /** Bit mask of EFFECTS: what the tool is known for, what the arguments add, what the result shows. */
  get effects(): number {
    this.reads |= READ_EFFECTS;
    if (this.#effects < 0) {
      this.#effects =
        this.#toolProfile().effects |
        this.#effectsOfArguments().effects |
        effectsOfResult(this.#resultText());
    }
    return this.#effects;
  }

  has(effect: Effect): boolean {
    return (this.effects & effectBit(effect)) !== 0;
  }

  get effectNames(): readonly Effect[] {
    return effectNames(this.effects);
  }

  get classNames(): readonly string[] {
    this.reads |= READ_EFFECTS;
    return namesOf(TOOL_CLASSES, this.#toolProfile().classes);
  }

  /** One number for all that is looked at under READ_EFFECTS. */
  get effectsKey(): number {
    return this.effects * CLASS_BITS + this.#toolProfile().classes;
  }

  get argFeatures(): Features {
    this.#looked();
    this.#argFeatures ??= withFingerprints(
      featuresOf(this.#argumentText(), true),
      this.#record.payload?.fingerprints?.args,
    );
    return this.#argFeatures;
  }

  get resultFeatures(): Features {
    this.#looked();
    this.#resultFeatures ??= withFingerprints(
      featuresOf(this.#resultText()),
      this.#record.payload?.fingerprints?.result,
    );
    return this.#resultFeatures;
  }

  /** Addresses, links and accounts that the result names, each once; as a field where it is one anywhere. */
  get resultDestinations(): readonly ResultDestination[] {
    this.#looked();
    this.#resultDestinations ??= destinationsOfResult(this.#resultText());
    return this.#resultDestinations;
  }

  #toolProfile(): ToolProfile {
    this.#profile ??= this.#context.tools.profileOf(this.#record, this.#context.listed);
    return this.#profile;
  }

  #rawArguments(): unknown {
    return this.#record.payload?.args ?? this.#context.begun?.args;
  }

  #argumentList(): Argument[] {
    this.#args ??= argumentsOf(this.#rawArguments(), this.#toolProfile().roles);
    return this.#args;
  }

  #argumentText(): string {
    this.#argsText ??= this.#argumentList()
      .map(({ text }) => text)
      .join("\n");
    return this.#argsText;
  }

  #effectsOfArguments(): ArgumentEffects {
    this.#argumentEffects ??= effectsOfArguments(
      this.#toolProfile(),
      this.#argumentList(),
      this.#context.internalHosts,
    );
    return this.#argumentEffects;
  }

  #resultText(): string {
    return this.#record.payload?.result ?? "";
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
