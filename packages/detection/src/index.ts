/**
 * Rules in, alerts out: the rule language, what is known of tools, and the engine. Pure: no I/O, no clock, no random.
 * The detector service runs it; the CLI tests rules with it. The shipped rules lie in `../rules`.
 */
export { baselinesIn, type StatedBaseline } from "./baseline/statements.ts";
export {
  createDetection,
  type Detection,
  type DetectionCounts,
  type DetectionInput,
  type DetectionOptions,
  type DetectionState,
  type DetectionStep,
  type Objection,
} from "./engine/detection.ts";
export type { FactDraft } from "./engine/fact-feed.ts";
export { splitRules } from "./engine/split-rules.ts";
export * from "./eval/index.ts";
export * from "./explain/index.ts";
export { draftManifest } from "./knowledge/draft-manifest.ts";
export { EFFECTS, type Effect, namesOf, TOOL_CLASSES, type ToolClass } from "./knowledge/effects.ts";
export type { Manifest } from "./knowledge/manifest.ts";
export { parseManifest } from "./knowledge/parse-manifest.ts";
export { profileOfDefinition, profileOfName, type ToolProfile } from "./knowledge/tool-profile.ts";
export { LINT_LEVELS, type LintFinding, type LintLevel, lintRule } from "./lint/lint-rule.ts";
export { FIELDS } from "./record/fields.ts";
export { type LoadedRules, loadRuleSet, type RuleFile } from "./rule/load-rules.ts";
export { parseRule, parseRules } from "./rule/parse-rule.ts";
export type { Rule } from "./rule/rule.ts";
export type { RuleDefinition } from "./rule/rule-definition.ts";
export { problemText, type RuleFileProblem } from "./rule/rule-problem.ts";
export { type ShortRecord, shortRecordSchema } from "./rule/rule-test-schema.ts";
export * from "./rule-set/index.ts";
export type { RowCodec, StateTable } from "./state/state-table.ts";
export { type StateEntry, StateTables } from "./state/state-tables.ts";
export { type RuleTestResult, recordsOf, testRule } from "./test-rule.ts";

/** Where the shipped rules lie, for whoever reads files. */
export const SHIPPED_RULES = new URL("../rules/", import.meta.url);
