import { SEVERITIES, type Severity } from "@tripline/events";
import { z } from "zod";
import type { RecordView } from "../record/record-view.ts";
import { duration } from "../rule/duration.ts";
import type { Compile, RuleContext } from "../rule/evaluation.ts";
import { groupBySchema } from "../rule/field-names.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import type { Selection } from "../rule/selection.ts";
import { type Features, featuresOf, type Link, linkBetween } from "../text/features.ts";
import { type Evaluator, type Finding, isDue, type Scope, showsBegin, showsEnd } from "./evaluator.ts";
import { type Evidence, evidenceOf, evidenceState } from "./evidence.ts";
import { broughtIn, featuresState, savedFeatures } from "./remembered-call.ts";
import { wordsFor } from "./sequence.ts";

const MAX_DESTINATIONS = 512; // of one group; the oldest goes
const MAX_VALUES = 256;
const MAX_SHINGLES = 1024;
const MAX_SECRETS = 64;

const IN_PROSE = 1; // an output named it in free text
const IN_FIELD = 2; // an output held it as a field: the system vouches for it
const BY_AGENT = 4; // the agent used it before any output named it

const step = z.object({ t: z.number(), evidence: evidenceState });
const destinationState = z.object({ from: z.number(), evidence: evidenceState.optional() });
const stateSchema = z.object({
  private: step.nullable(),
  untrusted: step.nullable(),
  features: featuresState,
  destinations: z.array(z.tuple([z.number(), destinationState])).transform((entries) => new Map(entries)),
});
interface Seen {
  from: number;
  evidence?: Evidence | undefined;
}
interface State {
  private: { t: number; evidence: Evidence } | null;
  untrusted: { t: number; evidence: Evidence } | null;
  features: Features;
  destinations: Map<number, Seen>;
}

const level = z.enum(SEVERITIES);
const specSchema = z.strictObject({
  within: duration,
  "group-by": groupBySchema.default(["session"]),
  levels: z.strictObject({
    together: level.describe("private read, untrusted content and an external sink, nothing more"),
    data: level.describe("a value of the private read is in the sink's arguments"),
    destination: level.describe("an act whose destination is known only from untrusted prose"),
    both: level,
  }),
});
type Spec = z.infer<typeof specSchema>;

export const trifectaKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const selection = requiredCondition(context);
      return {
        selection,
        groupBy: spec["group-by"],
        fields: [],
        names: ["link", "private", "untrusted", "sink"],
        alsoLoose: true,
        readsPayload: true,
        evaluator: (scope) => trifectaEvaluator(context, selection, spec, scope),
      };
    },
);

/**
 * The lethal trifecta: private data, untrusted content and a way out in one group. That the three occur is common and
 * says little; what is graded is whether a private value is in what leaves, and whether an act (not a mere read) goes
 * to a destination that the session knows only from somebody's prose.
 */
function trifectaEvaluator(
  { quietMs }: RuleContext,
  selection: Selection,
  spec: Spec,
  scope: Scope,
): Evaluator<State> {
  const windowMs = Math.min(spec.within, scope.maxWindowMs);
  const isSink = (view: RecordView): boolean =>
    showsBegin(view) && isDue(view, selection) && selection.matches(view);
  const brings = (view: RecordView): boolean =>
    showsEnd(view) &&
    view.succeeded &&
    view.result !== "" &&
    (view.has("reads_private") ||
      view.has("reads_secret") ||
      view.has("reads_untrusted") ||
      view.resultDestinations.length > 0);

  return {
    state: stateSchema,
    save: (state) => ({
      ...state,
      features: savedFeatures(state.features),
      destinations: [...state.destinations],
    }),
    windowMs,
    quietMs: quietMs ?? windowMs,
    concerns: (view) =>
      isSink(view) || (showsBegin(view) && view.argumentEffects.targets.length > 0) || brings(view),
    fresh: () => ({
      private: null,
      untrusted: null,
      features: { secrets: [], values: [], shingles: [] },
      destinations: new Map(),
    }),
    judge(state, view) {
      if (state.private !== null && view.time - state.private.t > windowMs) state.private = null;
      if (state.untrusted !== null && view.time - state.untrusted.t > windowMs) state.untrusted = null;
      const finding = isSink(view) ? judgeSink(state, view) : null;
      if (showsBegin(view)) noteTargets(state, view);
      if (brings(view)) learn(state, view);
      return finding;
    },
  };

  function judgeSink(state: State, view: RecordView): Finding | null {
    if (state.private === null || state.untrusted === null) return null;
    const known = state.destinations;
    const dictated = view.profile.acts
      ? view.argumentEffects.targets.find(({ hash }) => known.get(hash)?.from === IN_PROSE)
      : undefined;
    const ignored = new Set(
      view.argumentEffects.targets
        .filter(({ hash }) => known.has(hash))
        .flatMap(({ value }) => featuresOf(value).values),
    );
    const link = linkBetween(state.features, view.argFeatures, ignored);
    const source = dictated === undefined ? undefined : known.get(dictated.hash)?.evidence;
    const read = { ...state.private.evidence, step: "private" };
    const stranger = { ...(source ?? state.untrusted.evidence), step: "untrusted" };
    return {
      level: levelOf(link, dictated !== undefined),
      exposure: link === null && dictated === undefined,
      evidence: () => inOrder([read, stranger, evidenceOf(view, "sink")]),
      facts: () => ({ link: words(link, dictated !== undefined) }),
    };
  }

  function levelOf(link: Link, dictated: boolean): Severity {
    if (dictated) return link === null ? spec.levels.destination : spec.levels.both;
    return link === null ? spec.levels.together : spec.levels.data;
  }
}

function words(link: Link, dictated: boolean): string {
  if (!dictated) return wordsFor(link);
  return `its destination is known only from text that was read${link === null ? "" : `, and ${wordsFor(link)}`}`;
}

function inOrder(evidence: Evidence[]): Evidence[] {
  const unique = evidence.filter(
    (each, index) => evidence.findIndex(({ record_id }) => record_id === each.record_id) === index,
  );
  return unique.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

function noteTargets(state: State, view: RecordView): void {
  for (const { hash } of view.argumentEffects.targets) {
    if (!state.destinations.has(hash)) addDestination(state, hash, { from: BY_AGENT });
  }
}

function learn(state: State, view: RecordView): void {
  const at = { t: view.time, evidence: evidenceOf(view, "read") };
  if (view.has("reads_private") || view.has("reads_secret")) {
    state.private = at;
    const { secrets, values, shingles } = broughtIn(view);
    addNewest(state.features.secrets, secrets, MAX_SECRETS);
    addNewest(state.features.values, values, MAX_VALUES);
    addNewest(state.features.shingles, shingles, MAX_SHINGLES);
  }
  if (view.has("reads_untrusted")) state.untrusted = at;
  for (const { hash, prose } of view.resultDestinations) {
    const from = prose ? IN_PROSE : IN_FIELD;
    const known = state.destinations.get(hash);
    if (known === undefined) addDestination(state, hash, prose ? { from, evidence: at.evidence } : { from });
    else known.from |= from;
  }
}

function addDestination(state: State, hash: number, seen: Seen): void {
  state.destinations.set(hash, seen);
  if (state.destinations.size <= MAX_DESTINATIONS) return;
  const [oldest] = state.destinations.keys();
  if (oldest !== undefined) state.destinations.delete(oldest);
}

function addNewest<T>(into: T[], values: readonly T[], limit: number): void {
  into.push(...values);
  if (into.length > limit) into.splice(0, into.length - limit);
}
