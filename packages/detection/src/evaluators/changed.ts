import { SEVERITIES, type Severity } from "@tripline/events";
import { z } from "zod";
import {
  type Change,
  changesBetween,
  type DefinitionForm,
  definitionFormSchema,
  formOf,
  type Weight,
} from "../knowledge/definition/definition-form.ts";
import { poisoningOf } from "../knowledge/definition/poisoning.ts";
import type { RecordView } from "../record/record-view.ts";
import type { Compile, RuleContext } from "../rule/evaluation.ts";
import { groupBySchema } from "../rule/field-names.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import type { Selection } from "../rule/selection.ts";
import { plain } from "../text/plain.ts";
import { shortKey } from "../text/short-key.ts";
import { definitionsIn, listedDefinitions } from "./definitions-in.ts";
import type { Evaluator } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";

const MAX_TOOLS = 2000; // followed in each group; the longest unseen goes
const MAX_FORMS = 150; // of which is known what they said: 4 KiB each at most
const MAX_SHOWN = 10;
const MAX_SHOWN_CHANGES = 4; // of one tool
const SHOWN_HASH_CHARS = 12;
const INSTRUCTS = 2; // points by which a definition must have become more like an instruction
const FORGOTTEN_AFTER_MS = 90 * 86_400_000;

const lastSchema = z.object({
  hash: z.string(),
  changes: z.number(),
  /** What was last listed, and how much of it speaks to the model. */
  form: definitionFormSchema.optional(),
  poison: z.number().optional(),
});
type Last = z.infer<typeof lastSchema>;
const stateSchema = z.object({ tools: z.array(z.tuple([z.string(), lastSchema])) });
type State = z.infer<typeof stateSchema>;

const levels = z
  .strictObject({
    wording: z.enum(SEVERITIES).default("low"),
    shape: z.enum(SEVERITIES).default("medium"),
    risk: z.enum(SEVERITIES).default("high"),
  })
  .prefault({})
  .describe(
    "wording: words only; shape: what it takes; risk: a new required parameter, a milder annotation, an instruction, another definition than the pinned one. The rule's own level: another hash, and nobody saw the definition",
  );

const specSchema = z.strictObject({
  "group-by": groupBySchema
    .default(["server"])
    .describe("the definition of each tool is followed in each group"),
  levels,
});

export const changedKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const selection = requiredCondition(context);
      return {
        selection,
        groupBy: spec["group-by"],
        fields: [],
        names: ["count", "values", "changes"],
        alsoLoose: false,
        readsPayload: true,
        concerns: (view) => concerns(view, selection),
        once(view) {
          const definitions = definitionsIn(view);
          return {
            key: definitions.map(([tool]) => shortKey(tool)).join("\n"),
            value: definitions.map(([, hash]) => shortKey(hash)).join("\n"),
          };
        },
        evaluator: () => changedEvaluator(context, selection, spec.levels),
      };
    },
);

function concerns(view: RecordView, selection: Selection): boolean {
  return view.phase !== "end" && definitionsIn(view).length > 0 && selection.matches(view);
}

interface Drift {
  tool: string;
  from: string;
  to: string;
  nth: number;
  level: Severity;
  /** Empty where nobody has seen both definitions. */
  changes: readonly Change[];
  pinned: boolean;
}

/**
 * A tool whose definition is not the pinned one or not the one last seen in its group, and what changed in it. Learns from
 * listings, and from calls that name a definition: those show only that it is another one.
 */
function changedEvaluator(
  { level, quietMs = 0 }: RuleContext,
  selection: Selection,
  levels: Record<Weight, Severity>,
): Evaluator<State> {
  return {
    state: stateSchema,
    windowMs: FORGOTTEN_AFTER_MS,
    quietMs,
    concerns: (view) => concerns(view, selection),
    fresh: () => ({ tools: [] }),
    isEmpty: ({ tools }) => tools.length === 0,
    judge(state, view) {
      const known = new Map(state.tools);
      const definitions = listedDefinitions(view);
      const drifts: Drift[] = [];
      for (const [tool, hash] of definitionsIn(view)) {
        const last = known.get(tool);
        const now = nextOf(last, hash, definitions.get(tool));
        const drift = driftOf(view, tool, last, now);
        if (drift !== null) drifts.push(drift);
        known.delete(tool);
        known.set(tool, now);
      }
      state.tools = bounded([...known]);
      if (drifts.length === 0) return null;
      const shown = drifts.toSorted((a, b) => grade(b.level) - grade(a.level)).slice(0, MAX_SHOWN);
      return {
        level: shown[0]?.level ?? level,
        evidence: () => shown.map((drift) => evidenceOf(view, "changed", noteOf(drift))),
        facts: () => ({
          values: shown.map(({ tool }) => plain(tool, 80)).join(", "),
          count: String(drifts.length),
          changes: wordsFor(shown[0]),
        }),
        identity: `changed ${JSON.stringify(drifts.map(({ tool, from, to, nth }) => ({ tool, from, to, nth })))}`,
      };
    },
  };

  function driftOf(view: RecordView, tool: string, last: Last | undefined, now: Last): Drift | null {
    const server = view.record.envelope.target?.server ?? "";
    const pin = view.manifest.entryOf(server, tool).definition;
    const pinned = pin !== undefined && pin !== now.hash && last?.hash !== now.hash;
    const changes = changesOf(last, now);
    if (last === undefined || (last.hash === now.hash && changes.length === 0)) {
      return pinned
        ? { tool, from: pin ?? "", to: now.hash, nth: now.changes, level: levels.risk, changes, pinned }
        : null;
    }
    // A call had told of it already: what has come out since matters only where it is grave.
    if (last.hash === now.hash && changes[0]?.weight !== "risk") return null;
    const found = changes[0] === undefined ? level : levels[changes[0].weight];
    return {
      tool,
      from: last.hash,
      to: now.hash,
      nth: now.changes,
      level: pinned && grade(levels.risk) > grade(found) ? levels.risk : found,
      changes,
      pinned,
    };
  }
}

function nextOf(last: Last | undefined, hash: string, definition: Record<string, unknown> | undefined): Last {
  const changes = last === undefined ? 0 : last.hash === hash ? last.changes : last.changes + 1;
  // A definition that has not changed is not read again: every session lists the same ones.
  const unseen = definition === undefined || (last?.hash === hash && last.form !== undefined);
  const seen = unseen ? kept(last) : looked(definition);
  return { hash, changes, ...seen };
}

/** What the definition before said stays, until the new one is seen. */
function kept(last: Last | undefined): Pick<Last, "form" | "poison"> {
  return last?.form === undefined ? {} : { form: last.form, poison: last.poison ?? 0 };
}

function looked(definition: Record<string, unknown>): { form: DefinitionForm; poison: number } {
  return { form: formOf(definition), poison: poisoningOf(definition).score };
}

function changesOf(last: Last | undefined, now: Last): Change[] {
  if (last?.form === undefined || now.form === undefined || last.form === now.form) return [];
  const changes = changesBetween(last.form, now.form);
  if ((now.poison ?? 0) - (last.poison ?? 0) >= INSTRUCTS) {
    const note = changes.find(({ weight }) => weight === "wording")?.note ?? "wording";
    changes.unshift({ weight: "risk", note: `it now tells the model what to do: ${note}` });
  }
  return changes;
}

/** The newest tools, and the forms of the newest of them. */
function bounded(tools: [string, Last][]): [string, Last][] {
  let forms = 0;
  return tools
    .slice(-MAX_TOOLS)
    .toReversed()
    .map(([tool, last]): [string, Last] => {
      if (last.form === undefined) return [tool, last];
      forms += 1;
      return forms <= MAX_FORMS ? [tool, last] : [tool, { hash: last.hash, changes: last.changes }];
    })
    .toReversed();
}

function noteOf(drift: Drift): string {
  const pinned = drift.pinned ? " (the manifest pins another)" : "";
  return plain(
    `${plain(drift.tool, 80)}: definition ${short(drift.from)} became ${short(drift.to)}${pinned}: ${wordsFor(drift)}`,
    800,
  );
}

function wordsFor(drift: Drift | undefined): string {
  if (drift === undefined || drift.changes.length === 0)
    return "what changed is not known, nobody listed both";
  const shown = drift.changes.slice(0, MAX_SHOWN_CHANGES).map(({ note }) => note);
  const more = drift.changes.length - shown.length;
  return `${shown.join("; ")}${more > 0 ? `; ${more} more` : ""}`;
}

function grade(level: Severity): number {
  return SEVERITIES.indexOf(level);
}

function short(hash: string): string {
  return hash.slice(0, SHOWN_HASH_CHARS);
}
