import { KINDS } from "../evaluators/kinds.ts";
import { matchEvaluation } from "../evaluators/match.ts";
import { anyOf, compileCondition } from "./condition.ts";
import type { Evaluation, RuleContext } from "./evaluation.ts";
import type { RuleDefinition } from "./rule-definition.ts";
import { problemsIn, RuleProblem, RuleProblems } from "./rule-problem.ts";
import { compileSelection, type Selection } from "./selection.ts";

const MAX_CONDITIONS = 50; // of which one must hold
const MAX_SELECTIONS = 100;
const SELECTION_NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/;
const WORDS = ["and", "or", "not", "of", "them"];

export interface CompiledDetection {
  readonly selections: ReadonlyMap<string, Selection>;
  /** Null where the document has none: some kinds of rules do without. */
  readonly condition: Selection | null;
}

/** Compiles a `detection`. @throws RuleProblems with all that is wrong in it */
export function compileDetection({
  condition,
  ...sources
}: Readonly<Record<string, unknown>>): CompiledDetection {
  const problems: RuleProblem[] = [];
  const selections = new Map<string, Selection>();
  if (Object.keys(sources).length === 0)
    throw new RuleProblem(["detection"], "expected at least one selection");
  if (Object.keys(sources).length > MAX_SELECTIONS)
    throw new RuleProblem(["detection"], `expected at most ${MAX_SELECTIONS} selections`);
  for (const [name, source] of Object.entries(sources)) {
    try {
      checkName(name);
      selections.set(name, compileSelection(source, ["detection", name]));
    } catch (error) {
      problems.push(...problemsIn(error));
    }
  }
  if (problems.length > 0) throw new RuleProblems(problems);
  return { selections, condition: conditionOf(condition, selections) };
}

function checkName(name: string): void {
  const path = ["detection", name];
  if (name === "timeframe")
    throw new RuleProblem(
      path,
      "expected no `timeframe`: what counts stands in a Sigma correlation of its own",
    );
  if (!SELECTION_NAME.test(name) || WORDS.includes(name))
    throw new RuleProblem(path, "expected the name of a selection: letters, digits, `_` and `-`");
}

function conditionOf(condition: unknown, selections: ReadonlyMap<string, Selection>): Selection | null {
  if (condition === undefined) return null;
  const path = ["detection", "condition"];
  if (Array.isArray(condition) && condition.length > 0 && condition.length <= MAX_CONDITIONS)
    return anyOf(condition.map((each, index) => oneCondition(each, selections, [...path, index])));
  return oneCondition(condition, selections, path);
}

function oneCondition(
  condition: unknown,
  selections: ReadonlyMap<string, Selection>,
  path: readonly PropertyKey[],
): Selection {
  if (typeof condition === "string") return compileCondition(condition, selections, path);
  throw new RuleProblem(path, "expected a condition such as `selection and not filter`, or a list of them");
}

const KIND_KEYS = Object.keys(KINDS).filter((key): key is keyof typeof KINDS => key in KINDS);

/** The keys below `tripline` that say how the rule judges: none for a plain Sigma rule. */
export function kindsOf({ tripline }: RuleDefinition): (keyof typeof KINDS)[] {
  return KIND_KEYS.filter((key) => tripline[key] !== undefined);
}

/** How a rule with a detection judges. @throws RuleProblem */
export function detectionEvaluation(
  definition: RuleDefinition,
  { selections, condition }: CompiledDetection,
): { kind: string; evaluation: Evaluation } {
  const { level, tripline } = definition;
  const about: Omit<RuleContext, "path"> = {
    level,
    quietMs: tripline.quiet,
    groupBy: tripline["group-by"],
    selections,
    condition,
  };
  const [kind, ...others] = kindsOf(definition);
  if (others.length > 0)
    throw new RuleProblem(["tripline"], `expected one of ${[kind, ...others].join(", ")}, not several`);
  const compiled = kind === undefined ? undefined : tripline[kind];
  if (kind === undefined || compiled === undefined)
    return { kind: "match", evaluation: matchEvaluation({ ...about, path: ["detection"] }) };
  return { kind, evaluation: compiled({ ...about, path: ["tripline", kind] }) };
}
