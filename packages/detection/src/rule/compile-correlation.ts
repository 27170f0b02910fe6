import {
  type CompiledCorrelation,
  type CorrelatedRule,
  concerns,
  correlationTracker,
} from "../evaluators/correlation/correlation-tracker.ts";
import { isDue } from "../evaluators/evaluator.ts";
import { isField } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import { correlationCondition } from "./correlation-condition.ts";
import type { Correlation } from "./correlation-schema.ts";
import type { Evaluation } from "./evaluation.ts";
import { checkField } from "./field-names.ts";
import type { LogsourceCategory, RuleDefinition } from "./rule-definition.ts";
import { RuleProblem } from "./rule-problem.ts";
import type { Selection } from "./selection.ts";
import { anyOf } from "./selection-logic.ts";
import { suggestion } from "./suggestion.ts";

/** A rule that a correlation refers to, as far as correlations need it. */
export type Source =
  | {
      readonly kind: "detection";
      readonly name: string;
      /** SHA-256 (hex) of its file's text. */
      readonly hash: string;
      readonly category: LogsourceCategory;
      readonly selection: Selection;
    }
  | {
      readonly kind: "correlation";
      readonly name: string;
      readonly hash: string;
      readonly level: RuleDefinition["level"];
      readonly correlation: Correlation;
      readonly sources: ReadonlyMap<string, Source>;
    };
type CorrelationSource = Extract<Source, { kind: "correlation" }>;

const STAGE_ONE = ["credential", "session"];
const ALL_OF_TENANT = ["tenant"];

/** How a correlation judges. @param quietMs `tripline.quiet`, where the rule says it. @throws RuleProblem */
export function correlationEvaluation(source: CorrelationSource, quietMs: number | undefined): Evaluation {
  const plain = plainFields(source);
  const first = plain.every((fields) => fields.some((field) => STAGE_ONE.includes(field)));
  const leaves = leavesOf(source);
  // Facts show whole calls: in the second stage a call must be one record for all of its rules.
  const atEnd = !first && leaves.some(({ selection }) => selection.atEnd);
  const { compiled, fields, names } = compile(source, atEnd);
  const [own = []] = plain;
  const selection = anyOf(leaves.map((leaf) => leafSelection(leaf, atEnd)));
  const quiet = quietMs ?? compiled.kind.windowMs;
  return {
    selection,
    groupBy: first ? own : commonFields(plain),
    fields,
    names,
    alsoLoose: false,
    readsPayload: false,
    concerns: (view) => concerns(compiled, view),
    tracker: (home) => correlationTracker(compiled, quiet, home),
  };
}

/** The hashes of all files that a correlation comes from, its own first. */
export function hashesOf(source: Source): ReadonlySet<string> {
  if (source.kind === "detection") return new Set([source.hash]);
  return new Set([source.hash, ...[...source.sources.values()].flatMap((each) => [...hashesOf(each)])]);
}

/** Whose records a correlation is about. */
export function categoryOf(source: Source): LogsourceCategory {
  const [first, ...others] = new Set(leavesOf(source).map(({ category }) => category));
  return first === undefined || others.length > 0 ? "agent_tool_any" : first;
}

type Leaf = Extract<Source, { kind: "detection" }>;

function leavesOf(source: Source): Leaf[] {
  return source.kind === "detection" ? [source] : [...source.sources.values()].flatMap(leavesOf);
}

/** The fields that each correlation of the tree groups by, without aliases: the outermost first. */
function plainFields(source: Source): string[][] {
  if (source.kind === "detection") return [];
  const { aliases = {} } = source.correlation;
  const own = groupNames(source.correlation).filter((name) => !Object.hasOwn(aliases, name));
  return [own, ...[...source.sources.values()].flatMap(plainFields)];
}

/** What all groups of the tree have in common says which of the second stage's partitions sees all their records. */
function commonFields([first = [], ...others]: readonly (readonly string[])[]): readonly string[] {
  const common = first.filter(
    (field) => !field.endsWith("?") && others.every((fields) => fields.includes(field)),
  );
  return common.length > 0 ? common : ALL_OF_TENANT;
}

function groupNames({ "group-by": groupBy = [] }: Correlation): readonly string[] {
  const names = typeof groupBy === "string" ? [groupBy] : groupBy;
  return names.length > 0 ? names : ALL_OF_TENANT;
}

function compile(
  source: CorrelationSource,
  atEnd: boolean,
): { compiled: CompiledCorrelation; fields: string[]; names: readonly string[] } {
  const { correlation, level } = source;
  const condition = correlationCondition(correlation, level);
  const fields = [...condition.fields];
  const rules = condition.rules.map((reference): CorrelatedRule => {
    const target = source.sources.get(reference);
    if (target === undefined)
      throw new RuleProblem(
        ["correlation", "rules"],
        `expected the name or id of a rule, found \`${reference}\``,
      );
    const group = {
      names: groupNames(correlation),
      aliases: aliasesFor(correlation, reference, target, source),
    };
    fields.push(...group.names.map((name) => group.aliases.get(name) ?? name.replace(/\?$/, "")));
    if (target.kind === "detection") {
      const selection = leafSelection(target, atEnd);
      return {
        name: target.name,
        group,
        source: { concerns: (view) => isDue(view, selection) && selection.matches(view) },
      };
    }
    const inner = compile(target, atEnd);
    fields.push(...inner.fields);
    return { name: target.name, group, source: inner.compiled };
  });
  checkAliases(correlation, source);
  const counts = !correlation.type.startsWith("temporal");
  return { compiled: { kind: condition.kind, rules, counts }, fields, names: condition.names };
}

/** What each alias of the `group-by` stands for in one rule's records. @throws RuleProblem */
function aliasesFor(
  correlation: Correlation,
  reference: string,
  target: Source,
  { sources }: CorrelationSource,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const name of groupNames(correlation)) {
    const mapping = correlation.aliases?.[name];
    if (mapping === undefined) {
      checkField(name.replace(/\?$/, ""), ["correlation", "group-by"]);
      continue;
    }
    const path = ["correlation", "aliases", name];
    if (isField(name)) throw new RuleProblem(path, "expected a name that no field has");
    const entry = Object.entries(mapping).find(
      ([rule]) => rule === reference || sources.get(rule) === target,
    );
    if (entry === undefined)
      throw new RuleProblem(path, `expected a field for each of the rules, found none for \`${reference}\``);
    checkField(entry[1], [...path, entry[0]]);
    found.set(name, entry[1]);
  }
  return found;
}

/** A misspelt rule or alias would be left out without a word. */
function checkAliases(correlation: Correlation, { sources }: CorrelationSource): void {
  const names = groupNames(correlation);
  for (const [alias, mapping] of Object.entries(correlation.aliases ?? {})) {
    const path = ["correlation", "aliases", alias];
    if (!names.includes(alias)) throw new RuleProblem(path, "expected an alias that `group-by` names");
    for (const rule of Object.keys(mapping)) {
      if (!sources.has(rule))
        throw new RuleProblem(
          [...path, rule],
          `expected one of the correlation's rules, found \`${rule}\`${suggestion(rule, sources.keys())}`,
        );
    }
  }
}

/** A rule's records: those of its log source that its condition matches, judged when the correlation judges. */
function leafSelection({ category, selection }: Leaf, atEnd: boolean): Selection {
  const ofCategory = (view: RecordView): boolean =>
    category === "agent_tool_any" || (category === "agent_tool_listing") === (view.phase === "other");
  return {
    ...selection,
    atEnd: selection.atEnd || atEnd,
    matches: (view) => ofCategory(view) && selection.matches(view),
  };
}
