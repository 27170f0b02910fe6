import type { Source } from "./compile-correlation.ts";
import { compileDetection, kindsOf } from "./compile-detection.ts";
import type { Correlation } from "./correlation-schema.ts";
import { extendedCondition } from "./extended-condition.ts";
import { withDefaults } from "./rule-definition.ts";
import type { Draft } from "./rule-draft.ts";
import { problemsIn, RuleProblem } from "./rule-problem.ts";
import { suggestion } from "./suggestion.ts";

const MAX_DEPTH = 4; // of correlations of correlations
const MAX_LEAVES = 64; // rules that one correlation is about in the end
const PATH = ["correlation", "rules"];

/** The rules that a correlation is about, by name or id. */
export function referencesOf({ rules, condition }: Correlation): readonly string[] {
  if (rules !== undefined) return typeof rules === "string" ? [rules] : rules;
  if (typeof condition !== "string") return [];
  try {
    return extendedCondition(condition, null, PATH).names;
  } catch (error) {
    problemsIn(error); // said when the condition is compiled
    return [];
  }
}

/**
 * Finds what correlations refer to, in their own file first. @returns for a correlation its source with all below it, for
 * other rules null; throws RuleProblem
 */
export function resolver(drafts: readonly Draft[]): (draft: Draft) => Source | null {
  function find(reference: string, from: Draft): Draft {
    const called = drafts.filter((draft) => draft !== from && draft.isCalled(reference));
    const near = called.filter(({ file }) => file === from.file);
    const [found, another] = near.length > 0 ? near : called;
    if (from.isCalled(reference))
      throw new RuleProblem(PATH, "expected other rules than the correlation itself");
    if (found === undefined) {
      const known = drafts.flatMap(({ document: { definition } }) => definition.name ?? definition.id ?? []);
      throw new RuleProblem(
        PATH,
        `expected the name or id of a rule without problems, found \`${reference}\`${suggestion(reference, known)}`,
      );
    }
    if (another !== undefined) {
      throw new RuleProblem(
        PATH,
        `expected the name of one rule, \`${reference}\` is in ${found.file} and ${another.file}`,
      );
    }
    return found;
  }

  function sourceOf(draft: Draft, reference: string, above: readonly Draft[]): Source {
    const { document } = draft;
    if (document.kind === "correlation") return correlationSource(draft, reference, above);
    const { detection, logsource } = document.definition;
    const [kind] = kindsOf(withDefaults(document.definition, logsource.category));
    if (kind !== undefined)
      throw new RuleProblem(
        PATH,
        `expected a Sigma rule or correlation, \`${reference}\` is a rule with \`tripline.${kind}\``,
      );
    const { condition } = compiled(draft, reference, () => compileDetection(detection));
    if (condition === null)
      throw new RuleProblem(PATH, `expected a rule with a condition, \`${reference}\` has none`);
    return {
      kind: "detection",
      name: reference,
      hash: draft.hash,
      category: logsource.category,
      selection: condition,
    };
  }

  function correlationSource(
    draft: Draft,
    name: string,
    above: readonly Draft[],
  ): Extract<Source, { kind: "correlation" }> {
    const { document } = draft;
    if (document.kind !== "correlation") throw new TypeError("not a correlation");
    if (above.includes(draft))
      throw new RuleProblem(PATH, `expected no circle, \`${name}\` refers to itself`);
    if (above.length >= MAX_DEPTH)
      throw new RuleProblem(PATH, `expected at most ${MAX_DEPTH} correlations inside each other`);
    const { correlation, level } = document.definition;
    const sources = new Map<string, Source>();
    for (const reference of referencesOf(correlation))
      sources.set(reference, sourceOf(find(reference, draft), reference, [...above, draft]));
    const source: Extract<Source, { kind: "correlation" }> = {
      kind: "correlation",
      name,
      hash: draft.hash,
      level,
      correlation,
      sources,
    };
    if (leaves(source) > MAX_LEAVES)
      throw new RuleProblem(PATH, `expected at most ${MAX_LEAVES} rules, also of correlations inside it`);
    return source;
  }

  return (draft) =>
    draft.document.kind === "correlation"
      ? correlationSource(draft, draft.document.definition.name ?? draft.document.definition.id ?? "", [])
      : null;
}

function leaves(source: Source): number {
  if (source.kind === "detection") return 1;
  let count = 0;
  for (const each of source.sources.values()) count += leaves(each);
  return count;
}

/** What is wrong in another document is said there; here only that it is. */
function compiled<T>({ file }: Draft, reference: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    problemsIn(error);
    throw new RuleProblem(PATH, `expected a rule without problems, \`${reference}\` in ${file} has some`);
  }
}
