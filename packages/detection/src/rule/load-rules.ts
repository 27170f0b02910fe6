import { hash } from "node:crypto";
import { INCIDENT_RULE } from "../incident/incident-alert.ts";
import { isField } from "../record/fields.ts";
import { categoryOf, correlationEvaluation, hashesOf, type Source } from "./compile-correlation.ts";
import { compileDetection, detectionEvaluation } from "./compile-detection.ts";
import type { Evaluation } from "./evaluation.ts";
import { checkField } from "./field-names.ts";
import type { Rule } from "./rule.ts";
import { type RuleDefinition, withDefaults } from "./rule-definition.ts";
import { type Draft, readDrafts } from "./rule-draft.ts";
import { problemsIn, type RuleFileProblem, RuleProblem } from "./rule-problem.ts";
import { referencesOf, resolver } from "./rule-references.ts";
import { templateNames } from "./template.ts";

export interface RuleFile {
  readonly file: string;
  readonly text: string;
}

export interface LoadedRules {
  /** Those that raise alerts, in the order of their names. */
  readonly rules: readonly Rule[];
  /** What is wrong, file by file; a document that has a problem is no rule, and neither is a correlation of it. */
  readonly problems: readonly RuleFileProblem[];
}

/** Reads rules of several files, which may refer to each other. What is broken never stops the others. */
export function loadRuleSet(files: readonly RuleFile[]): LoadedRules {
  const problems: RuleFileProblem[] = [];
  const drafts: Draft[] = [];
  for (const file of files) {
    const read = readDrafts(file);
    problems.push(...read.problems);
    drafts.push(...read.drafts);
  }
  const resolve = resolver(drafts);
  const silent = silentOnes(drafts);
  const taken = new Map<string, Draft>();
  const rules: Rule[] = [];
  for (const draft of drafts) {
    try {
      const source = resolve(draft);
      if (silent.has(draft)) {
        checkSilent(draft);
        continue;
      }
      const rule = ruleOf(draft, source);
      const other = taken.get(rule.id);
      if (other !== undefined)
        throw new RuleProblem(
          ["name"],
          `expected a name of its own, \`${rule.id}\` is taken by ${other.file}`,
        );
      taken.set(rule.id, draft);
      rules.push(rule);
    } catch (error) {
      problems.push(...problemsIn(error).map((problem) => draft.problem(problem)));
    }
  }
  return { rules: rules.sort((a, b) => (a.id < b.id ? -1 : 1)), problems };
}

/**
 * Rules of the file of a correlation that refers to them raise no alerts of their own, unless it says `generate`. (Those
 * of other files do: somebody wrote them to be told.)
 */
function silentOnes(drafts: readonly Draft[]): Set<Draft> {
  const silent = new Set<Draft>();
  for (const { file, document } of drafts) {
    if (document.kind !== "correlation" || document.generate) continue;
    for (const reference of referencesOf(document.definition.correlation)) {
      const base = drafts.find((each) => each.file === file && each.isCalled(reference));
      if (base !== undefined) silent.add(base);
    }
  }
  return silent;
}

/** A rule that raises no alerts is read all the same, or it would be found broken by nobody. */
function checkSilent({ document }: Draft): void {
  if (document.kind === "detection") compileDetection(document.definition.detection);
  if (document.definition.tripline.tests.length > 0) {
    throw new RuleProblem(
      ["tripline", "tests"],
      "expected no cases: a correlation of this file names the rule, so it raises no alerts",
    );
  }
}

function ruleOf(draft: Draft, source: Source | null): Rule {
  const { document, file } = draft;
  const id = document.definition.name ?? document.definition.id;
  if (id === undefined) throw new RuleProblem([], "expected a `name`: alerts call the rule by it");
  if (id === INCIDENT_RULE)
    throw new RuleProblem(["name"], `expected another name: incidents have \`${id}\``);
  const { definition, kind, evaluation } = judging(draft, source);
  checkNames(definition, evaluation);
  const stage = evaluation.groupBy.some((field) => field === "credential" || field === "session") ? 1 : 2;
  if (stage === 2 && !definition.tripline.alert)
    throw new RuleProblem(
      ["tripline", "alert"],
      "expected true: only groups of a credential or session add up",
    );
  return { id, file, hash: hashOf(draft, source), definition, kind, evaluation, stage };
}

function judging(
  { document }: Draft,
  source: Source | null,
): { definition: RuleDefinition; kind: string; evaluation: Evaluation } {
  if (document.kind === "detection") {
    const definition = withDefaults(document.definition, document.definition.logsource.category);
    return {
      definition,
      ...detectionEvaluation(definition, compileDetection(document.definition.detection)),
    };
  }
  if (source?.kind !== "correlation") throw new TypeError("a correlation that was resolved is a source");
  const definition = withDefaults(document.definition, categoryOf(source));
  if (definition.tripline["group-by"] !== undefined)
    throw new RuleProblem(["tripline", "group-by"], "expected none: a correlation has its own `group-by`");
  return {
    definition,
    kind: document.definition.correlation.type,
    evaluation: correlationEvaluation(source, definition.tripline.quiet),
  };
}

/** What state is kept under: the hash of the file, or of all files that a correlation comes from. */
function hashOf(draft: Draft, source: Source | null): string {
  const hashes = source === null ? [draft.hash] : [...hashesOf(source)];
  return hashes.length === 1 ? draft.hash : hash("sha256", hashes.join("\n"), "hex");
}

/** Names that only trackers and templates read: a wrong one would stay silent for ever. */
function checkNames({ tripline }: RuleDefinition, { groupBy, names }: Evaluation): void {
  for (const field of groupBy) checkField(field.replace(/\?$/, ""), ["tripline"]);
  for (const name of templateNames(tripline.summary)) {
    if (!isField(name) && !names.includes(name.split(".")[0] ?? "")) {
      throw new RuleProblem(
        ["tripline", "summary"],
        `expected a field, a step or a count in {}, found \`${name}\``,
      );
    }
  }
}
