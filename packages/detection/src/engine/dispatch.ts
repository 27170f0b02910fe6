import type { Envelope } from "@tripline/events";
import { KEYED_FIELDS, type KeyedField, READ_EFFECTS, READ_MORE } from "../record/keyed-fields.ts";
import type { RecordView } from "../record/record-view.ts";
import type { Rule } from "../rule/rule.ts";

/** Something that wants to see some of the records. `concerns` looks at the record only, through its view. */
export interface Listener {
  readonly rule: Rule;
  concerns(view: RecordView): boolean;
}

/** What became of the question whether a listener is concerned: yes, or to be asked for each record. Else it is left out. */
interface Candidate<L> {
  readonly listener: L;
  readonly certain: boolean;
}

interface Plan<L> {
  readonly candidates: readonly Candidate<L>[];
  /** Where effects decide for some: what is left for each set of effects. */
  readonly byEffects: Map<number, readonly Candidate<L>[]> | null;
}

type Level<L> = Map<string | undefined, Level<L>> | Plan<L>;

const MAX_PLANS = 4096; // tools × servers × outcomes of a large installation; beyond it all are worked out anew
const MAX_EFFECT_PLANS = 64; // of one plan
const MAX_KEY_CHARS = 256; // a longer value is captured text that must not fill memory
const PHASES = { begin: 0, end: 1, whole: 2, other: 3 } as const;

/**
 * Which listeners a record concerns, without asking all of them. For each combination of keyed fields (tool, server …),
 * phase and outcome it asks all once and notes what each has looked at. Who looked at nothing else is known for
 * all further records of that combination; who looked at effects too, for all with the same effects.
 */
export class Dispatch<L extends Listener> {
  /** All, in order. */
  readonly listeners: readonly L[];
  readonly #keys: readonly KeyedField[];
  #roots: (Level<L> | undefined)[] = [];
  #plans = 0;
  /** Those that the record now looked at concerns: the same list for all records, or each would leave one behind. */
  readonly #concerned: L[] = [];

  /**
   * @param listeners in the order in which they are to be found
   * @param keyedFields as the views of records have them
   */
  constructor(listeners: readonly L[], keyedFields: ReadonlySet<string>) {
    this.listeners = listeners;
    const keyed = Object.entries(KEYED_FIELDS).filter(([name]) => keyedFields.has(name));
    this.#keys = [({ call }) => call?.outcome, ...keyed.map(([, read]) => read)];
  }

  /** Those that the record concerns, in order. Good until the next record is asked about. */
  concernedBy(view: RecordView, envelope: Envelope): readonly L[] {
    const candidates = this.#candidatesOf(view, envelope);
    if (candidates === null) return this.listeners.filter((listener) => listener.concerns(view));
    const concerned = this.#concerned;
    let found = 0;
    for (const { listener, certain } of candidates) {
      if (!certain && !listener.concerns(view)) continue;
      concerned[found] = listener;
      found += 1;
    }
    concerned.length = found;
    return concerned;
  }

  #candidatesOf(view: RecordView, envelope: Envelope): readonly Candidate<L>[] | null {
    if (view.phase === "other") return null;
    const plan = this.#planOf(view, envelope);
    if (plan === null || plan.byEffects === null) return plan?.candidates ?? null;
    const effects = view.effectsKey;
    let left = plan.byEffects.get(effects);
    if (left === undefined) {
      if (plan.byEffects.size >= MAX_EFFECT_PLANS) plan.byEffects.clear();
      left = narrowed(plan.candidates, view, READ_MORE);
      plan.byEffects.set(effects, left);
    }
    return left;
  }

  /** The plan for the record's keyed fields; null where one is too long to be remembered by. */
  #planOf(view: RecordView, envelope: Envelope): Plan<L> | null {
    const root = PHASES[view.phase] * 4 + (view.isClosing ? 2 : 0) + (envelope.type === "call" ? 1 : 0);
    let level = this.#roots[root];
    if (level === undefined) {
      level = new Map();
      this.#roots[root] = level;
    }
    const last = this.#keys.length - 1;
    for (let index = 0; index <= last; index += 1) {
      if (!(level instanceof Map)) return null;
      const value = this.#keys[index]?.(envelope);
      let next: Level<L> | undefined = level.get(value);
      if (next === undefined) {
        if (value !== undefined && value.length > MAX_KEY_CHARS) return null;
        if (index === last && this.#plans >= MAX_PLANS) return this.#startOver(view, envelope);
        next = index === last ? this.#newPlan(view) : new Map();
        level.set(value, next);
      }
      level = next;
    }
    return level instanceof Map ? null : level;
  }

  #startOver(view: RecordView, envelope: Envelope): Plan<L> | null {
    this.#roots = [];
    this.#plans = 0;
    return this.#planOf(view, envelope);
  }

  #newPlan(view: RecordView): Plan<L> {
    this.#plans += 1;
    const all = this.listeners.map((listener) => ({ listener, certain: false }));
    let effects = false;
    const candidates = narrowed(all, view, READ_EFFECTS | READ_MORE, (reads) => {
      effects ||= (reads & READ_EFFECTS) !== 0;
    });
    return { candidates, byEffects: effects ? new Map() : null };
  }
}

/** The keyed fields that some of the rules look at. */
export function keyedFieldsOf(rules: readonly Rule[]): ReadonlySet<string> {
  const used = rules.flatMap(({ evaluation }) => [...evaluation.selection.fields, ...evaluation.fields]);
  return new Set(used.filter((name) => name in KEYED_FIELDS));
}

/** Leaves out whom such records never concern. @param open bits of what differs between them */
function narrowed<L extends Listener>(
  candidates: readonly Candidate<L>[],
  view: RecordView,
  open: number,
  onOpen: (reads: number) => void = () => undefined,
): Candidate<L>[] {
  const left: Candidate<L>[] = [];
  for (const candidate of candidates) {
    if (candidate.certain) {
      left.push(candidate);
      continue;
    }
    view.reads = 0;
    const concerned = candidate.listener.concerns(view);
    if ((view.reads & open) !== 0) {
      onOpen(view.reads);
      left.push(candidate);
    } else if (concerned) left.push({ listener: candidate.listener, certain: true });
  }
  return left;
}
