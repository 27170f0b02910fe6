import { type Envelope, envelopeSchema, SEVERITIES, type Severity } from "@tripline/events";
import { z } from "zod";
import type { RecordView } from "../record/record-view.ts";
import type { RuleContext } from "../rule/evaluation.ts";
import type { Selection } from "../rule/selection.ts";
import { type Evaluator, type Expired, type Finding, isDue, type Scope, showsEnd } from "./evaluator.ts";
import { type Evidence, evidenceOf } from "./evidence.ts";
import {
  type Flow,
  type FlowLink,
  flowBetween,
  flowLink,
  levelOfFlows,
  type Sent,
  wordsForFlows,
} from "./flow.ts";
import {
  DELIVERY_MS,
  forgetOld,
  isToldLateBy,
  noteCompletion,
  recentCompletion,
  savedCompletion,
} from "./recent-completions.ts";
import { rememberCall, rememberedCall, savedFeatures } from "./remembered-call.ts";
import type { Compared, Where } from "./sequence-where.ts";
import { spanText } from "./span-text.ts";

export interface Step {
  readonly name: string;
  readonly selection: Selection;
  /** ms since the step before; null: only the whole sequence's time counts. */
  readonly withinMs: number | null;
}

/** A sequence, read and compiled. */
export interface Sequence {
  /** Those that happen, in order. */
  readonly steps: readonly Step[];
  /** For each step that happens: what must not have happened before it, since the one before. */
  readonly guards: readonly (readonly Step[])[];
  /** What must not happen after the last; null: nothing. */
  readonly last: Step | null;
  readonly flows: readonly Flow[];
  readonly where: Where;
  readonly until: Selection | null;
  readonly withinMs: number;
  readonly maxPartials: number;
}

const CLOCK_TOLERANCE_MS = 5000; // two producers of one credential may disagree by so much about what came first

const stepCall = rememberedCall.extend({ compared: z.array(z.number().nullable()) });
const partial = z.object({
  calls: z.array(stepCall),
  /** One for each flow; null: none, or its step has not happened. */
  links: z.array(flowLink.nullable()),
});
/** All that happens has happened; unless the last step comes before `due` (append time, ms since the epoch), it is found. */
const awaited = partial.extend({ due: z.number(), envelope: envelopeSchema });
const stateSchema = z.object({
  partials: z.array(partial),
  awaited: z.array(awaited),
  recent: z.array(recentCompletion),
});
type Partial = z.infer<typeof partial>;
type State = z.infer<typeof stateSchema>;

/** What is asked of a call that may be the next step; `t` in ms since the epoch. */
interface Following {
  readonly t: number;
  readonly compared: Compared;
  readonly sent: Sent;
}

interface Completed {
  readonly level: Severity;
  readonly links: Partial["links"];
  readonly evidence: () => Evidence[];
}

/**
 * Named steps in order within a time. Several beginnings are remembered for each group, so that a later harmless
 * beginning does not hide an earlier grave one. A step that continues keeps the beginning it continued from.
 * Steps are judged when their call has succeeded; the last one that happens as soon as it is known, before the call
 * runs, unless something must not happen after it; and once more when another producer tells late of the step before.
 */
export function sequenceEvaluator(
  context: RuleContext,
  { steps, guards, last, flows, where, until, ...bounds }: Sequence,
  scope: Scope,
): Evaluator<State> {
  const windowMs = Math.min(bounds.withinMs, scope.maxWindowMs);
  const completing = last === null ? (steps.at(-1) ?? null) : null;
  const earlier = completing === null ? steps : steps.slice(0, -1);
  const spansProducers = !scope.groupBy.includes("session");
  // What was told before a late step may have ended or refuted it: nobody kept that.
  const takesLate = spansProducers && completing !== null && until === null && guards.at(-1)?.length === 0;
  const awaitMs = last === null ? 0 : (last.withinMs ?? windowMs) + DELIVERY_MS;

  const happens = ({ selection }: { selection: Selection }, view: RecordView): boolean =>
    showsEnd(view) && (view.succeeded || selection.fields.has("outcome")) && selection.matches(view);
  const ends = (view: RecordView): boolean => until !== null && happens({ selection: until }, view);
  const completes = (view: RecordView): boolean =>
    completing !== null && isDue(view, completing.selection) && completing.selection.matches(view);

  return {
    state: stateSchema,
    save: (state) => ({
      partials: state.partials.map(savedPartial),
      awaited: state.awaited.map((each) => ({ ...each, ...savedPartial(each) })),
      recent: state.recent.map(savedCompletion),
    }),
    windowMs: windowMs + awaitMs,
    quietMs: context.quietMs ?? windowMs,
    concerns: (view) =>
      completes(view) ||
      earlier.some((step) => happens(step, view)) ||
      guards.some((steps) => steps.some((step) => happens(step, view))) ||
      (last !== null && happens(last, view)) ||
      ends(view),
    fresh: () => ({ partials: [], awaited: [], recent: [] }),
    isEmpty: ({ partials, awaited, recent }) =>
      partials.length === 0 && awaited.length === 0 && recent.length === 0,
    judge(state, view) {
      dropOld(state, view.time - windowMs);
      const continued = advance(state, view);
      const found = takesLate ? toldLate(state, continued, view) : [];
      if (completing !== null && completes(view)) {
        const { name } = completing;
        found.push(...completed(state.partials, followingOf(view), () => evidenceOf(view, name)));
        if (takesLate) noteCompletion(state.recent, view, { name, compared: where.compared(view) });
      }
      refute(state, view);
      if (ends(view)) endAll(state, view);
      remember(state, continued, view);
      const best = gravest(found);
      return best === null ? null : findingOf(best.level, best.links, best.evidence);
    },
    ...(last === null ? {} : { timers: { dueOf, expire } }),
  };

  /** The beginnings that this call completes. */
  function completed(
    partials: readonly Partial[],
    following: Following,
    evidence: () => Evidence,
  ): Completed[] {
    return partials.flatMap((each) => {
      if (each.calls.length !== earlier.length || !mayFollow(each, earlier.length, following)) return [];
      const links = linksWith(each, earlier.length, following.sent);
      const level = levelOf(links);
      if (level === null) return [];
      return [{ level, links, evidence: () => [...each.calls.map((call) => call.evidence), evidence()] }];
    });
  }

  /** What calls completed that were told before their beginning was. */
  function toldLate({ recent }: State, continued: readonly Partial[], view: RecordView): Completed[] {
    forgetOld(recent, view);
    return recent
      .filter((each) => isToldLateBy(view, each))
      .flatMap((each) => completed(continued, each, () => each.evidence));
  }

  function followingOf(view: RecordView): Following {
    return { t: view.time, compared: where.compared(view), sent: view };
  }

  function findingOf(level: Severity, links: Partial["links"], evidence: () => Evidence[]): Finding {
    return {
      level,
      exposure: flows.length > 0 && links.every((link) => link === null),
      evidence,
      facts: () => ({ window: spanText(windowMs), link: wordsForFlows(links) }),
    };
  }

  /** What has begun or goes on with this record, the furthest first. */
  function advance({ partials }: State, view: RecordView): Partial[] {
    const continued: Partial[] = [];
    for (let position = earlier.length - 1; position >= 0; position -= 1) {
      const step = earlier[position];
      if (step === undefined || !happens(step, view)) continue;
      const keepsText = flows.some(({ source }) => source === position);
      const call = { ...rememberCall(view, step.name, keepsText), compared: where.compared(view) };
      if (position === 0) {
        continued.push({ calls: [call], links: flows.map(() => null) });
        continue;
      }
      for (const each of partials) {
        if (each.calls.length !== position || !mayFollow(each, position, followingOf(view))) continue;
        continued.push({ calls: [...each.calls, call], links: linksWith(each, position, view) });
      }
    }
    return continued;
  }

  function mayFollow({ calls }: Partial, position: number, { t, compared }: Following): boolean {
    const before = calls.at(-1)?.t ?? 0;
    if (t < before - CLOCK_TOLERANCE_MS) return false;
    const withinMs = steps[position]?.withinMs ?? null;
    if (withinMs !== null && t - before > withinMs) return false;
    return where.holds(calls, position, compared);
  }

  function linksWith({ calls, links }: Partial, position: number, sent: Sent): Partial["links"] {
    return flows.map(({ source, target }, index): FlowLink | null => {
      const call = calls[source];
      if (target !== position || call === undefined) return links[index] ?? null;
      return flowBetween(call.features, sent);
    });
  }

  function levelOf(links: Partial["links"]): Severity | null {
    return flows.length === 0 ? context.level : levelOfFlows(flows, links);
  }

  /** Drops what this record shows not to be so. */
  function refute(state: State, view: RecordView): void {
    for (const [position, missing] of guards.entries()) {
      if (!missing.some((step) => happens(step, view))) continue;
      state.partials = state.partials.filter(
        (each) => each.calls.length !== position || isBefore(view, each),
      );
    }
    if (last !== null && happens(last, view)) {
      state.awaited = state.awaited.filter((each) => each.due < view.appendTime || isBefore(view, each));
    }
  }

  function endAll(state: State, view: RecordView): void {
    state.partials = state.partials.filter((each) => isBefore(view, each));
    state.awaited = state.awaited.filter((each) => each.due < view.appendTime || isBefore(view, each));
  }

  function remember(state: State, continued: readonly Partial[], view: RecordView): void {
    for (const each of continued) {
      if (last === null || each.calls.length < steps.length) {
        state.partials.push(each);
        continue;
      }
      if (levelOf(each.links) === null) continue;
      const { v, id, type, time, tenant, producer, actor, session, target } = view.record.envelope;
      const envelope: Envelope = { v, id, type, time, tenant, producer, actor, session, target };
      state.awaited.push({ ...each, due: view.appendTime + awaitMs, envelope });
    }
    dropMost(state.partials, bounds.maxPartials);
    dropMost(state.awaited, bounds.maxPartials);
  }

  /** When what this record has completed is over; null: nothing. */
  function dueOf({ awaited }: State, view: RecordView): number | null {
    const newest = awaited.at(-1);
    return newest?.envelope.id === view.record.envelope.id ? newest.due : null;
  }

  function expire(state: State, time: number): Expired | null {
    let best: Expired | null = null;
    for (const { due, calls, links, envelope } of state.awaited) {
      const level = levelOf(links);
      if (due > time || level === null) continue;
      if (best !== null && SEVERITIES.indexOf(level) <= SEVERITIES.indexOf(best.finding.level)) continue;
      const finding = findingOf(level, links, () => calls.map(({ evidence }) => evidence));
      best = { finding, envelope, time: due };
    }
    state.awaited = state.awaited.filter(({ due }) => due > time);
    return best;
  }
}

function gravest(found: readonly Completed[]): Completed | null {
  let best: Completed | null = null;
  for (const each of found) {
    if (best === null || SEVERITIES.indexOf(each.level) > SEVERITIES.indexOf(best.level)) best = each;
  }
  return best;
}

function savedPartial({ calls, links }: Partial): z.input<typeof partial> {
  return { calls: calls.map((call) => ({ ...call, features: savedFeatures(call.features) })), links };
}

/** The oldest goes, but one with a secret in it stays longer than one without. */
function dropMost(partials: Partial[], limit: number): void {
  while (partials.length > limit) {
    const plainOne = partials.findIndex(({ calls }) =>
      calls.every(({ features }) => features.secrets.length === 0),
    );
    partials.splice(Math.max(plainOne, 0), 1);
  }
}

function dropOld(state: State, oldest: number): void {
  for (const { calls } of state.partials) {
    if ((calls[0]?.t ?? 0) >= oldest) continue;
    state.partials = state.partials.filter((each) => (each.calls[0]?.t ?? 0) >= oldest);
    return;
  }
}

function isBefore(view: RecordView, { calls }: Partial): boolean {
  return view.time < (calls.at(-1)?.t ?? 0) - CLOCK_TOLERANCE_MS;
}
