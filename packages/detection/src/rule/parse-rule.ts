import { hash } from "node:crypto";
import { TriplineError } from "@tripline/events";
import { type Document, isMap, isNode, isSeq, LineCounter, parseDocument } from "yaml";
import { eventCountEvaluation } from "../evaluators/event-count.ts";
import { KINDS } from "../evaluators/kinds.ts";
import { matchEvaluation } from "../evaluators/match.ts";
import { valueCountEvaluation } from "../evaluators/value-count.ts";
import { INCIDENT_RULE } from "../incident/incident-alert.ts";
import { isField } from "../record/fields.ts";
import { anyOf, compileCondition } from "./condition.ts";
import type { Evaluation, RuleContext } from "./evaluation.ts";
import { checkField } from "./field-names.ts";
import type { Rule } from "./rule.ts";
import { type RuleDefinition, withDefaults } from "./rule-definition.ts";
import { type Correlation, type RuleFile, ruleFileSchema } from "./rule-file.ts";
import { RuleProblem } from "./rule-problem.ts";
import { compileSelection, type Selection } from "./selection.ts";
import { templateNames } from "./template.ts";

const MAX_RULE_CHARS = 256 * 1024; // a rule with many cases is about 5 KiB
const MAX_CONDITIONS = 50; // of which one must hold
const MAX_ALIASES = 50; // YAML aliases can multiply a small file without end

/**
 * Reads one rule. @param file its name, for errors and the rule's own record
 * @throws TriplineError TRIPLINE_RULE_INVALID as `file:line: path: expected …, found …`
 */
export function parseRule(text: string, file: string): Rule {
  if (text.length > MAX_RULE_CHARS) throw invalid(file, 1, `expected at most ${MAX_RULE_CHARS} characters`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const fault = document.errors[0];
  if (fault !== undefined) {
    throw invalid(file, lines.linePos(fault.pos[0]).line, fault.message.split("\n")[0] ?? "not YAML");
  }
  const parsed = ruleFileSchema.safeParse(plainValue(document, file));
  if (!parsed.success) {
    // A key that nobody knows is most often the misspelt one that something else misses.
    const unknown = parsed.error.issues.find((issue) => issue.code === "unrecognized_keys");
    const issue = unknown ?? parsed.error.issues[0];
    const path = [...(issue?.path ?? []), ...(unknown?.keys.slice(0, 1) ?? [])];
    throw invalid(
      file,
      lineOf(document, lines, path),
      `${path.join(".") || "the rule"}: ${issue?.message ?? "invalid"}`,
    );
  }
  try {
    return compile(withDefaults(parsed.data), file, hash("sha256", text, "hex"));
  } catch (error) {
    if (!(error instanceof RuleProblem)) throw error;
    throw invalid(
      file,
      lineOf(document, lines, error.path),
      `${error.path.join(".") || "the rule"}: ${error.message}`,
    );
  }
}

/** Reads several rules; two with one id are an error. */
export function parseRules(files: readonly { file: string; text: string }[]): Rule[] {
  const rules = new Map<string, Rule>();
  for (const { file, text } of files) {
    const rule = parseRule(text, file);
    const other = rules.get(rule.id);
    if (other !== undefined)
      throw invalid(file, 1, `name: expected a name of its own, \`${rule.id}\` is taken by ${other.file}`);
    rules.set(rule.id, rule);
  }
  return [...rules.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** @throws TriplineError where an alias names nothing, or aliases multiply */
function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    if (cause instanceof ReferenceError) throw invalid(file, 1, `YAML aliases: ${cause.message}`);
    throw cause;
  }
}

function compile(definition: RuleDefinition, file: string, ruleHash: string): Rule {
  const id = definition.name ?? definition.id;
  if (id === undefined) throw new RuleProblem([], "expected a `name`: alerts call the rule by it");
  const { condition, ...sources } = definition.detection;
  const selections = new Map(
    Object.entries(sources).map(([name, source]) => [name, compileSelection(source, ["detection", name])]),
  );
  const { kind, evaluation } = evaluationOf(definition, {
    level: definition.level,
    quietMs: definition.tripline.quiet,
    groupBy: definition.tripline["group-by"],
    selections,
    condition: conditionOf(condition, selections),
  });
  checkNames(definition, evaluation);
  const stage = evaluation.groupBy.some((field) => field === "credential" || field === "session") ? 1 : 2;
  if (id === INCIDENT_RULE)
    throw new RuleProblem(["name"], `expected another name: incidents have \`${id}\``);
  if (stage === 2 && !definition.tripline.alert)
    throw new RuleProblem(
      ["tripline", "alert"],
      "expected true: only groups of a credential or session add up",
    );
  return { id, file, hash: ruleHash, definition, kind, evaluation, stage };
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
  throw new RuleProblem(path, "expected a condition such as `selection and not filter`");
}

const KIND_KEYS = Object.keys(KINDS).filter((key): key is keyof typeof KINDS => key in KINDS);

function evaluationOf(
  { correlation, tripline }: RuleFile,
  about: Omit<RuleContext, "path">,
): { kind: string; evaluation: Evaluation } {
  const kinds = KIND_KEYS.filter((key) => tripline[key] !== undefined);
  const named = [...(correlation === undefined ? [] : [correlation.type]), ...kinds];
  if (named.length > 1)
    throw new RuleProblem(["tripline"], `expected one of ${named.join(", ")}, not several`);
  if (correlation !== undefined) {
    return {
      kind: correlation.type,
      evaluation: correlationEvaluation({ ...about, path: ["correlation"] }, correlation),
    };
  }
  const [kind] = kinds;
  const compiled = kind === undefined ? undefined : tripline[kind];
  if (kind === undefined || compiled === undefined)
    return { kind: "match", evaluation: matchEvaluation({ ...about, path: ["detection"] }) };
  return { kind, evaluation: compiled({ ...about, path: ["tripline", kind] }) };
}

function correlationEvaluation(context: RuleContext, correlation: Correlation): Evaluation {
  return correlation.type === "event_count"
    ? eventCountEvaluation(context, correlation)
    : valueCountEvaluation(context, correlation);
}

/** Names that only trackers and templates read: a wrong one would stay silent for ever. */
function checkNames({ correlation, tripline }: RuleDefinition, { groupBy, names }: Evaluation): void {
  const where = correlation !== undefined ? "correlation" : "tripline";
  for (const field of groupBy) checkField(field.replace(/\?$/, ""), [where]);
  for (const name of templateNames(tripline.summary)) {
    if (!isField(name) && !names.includes(name.split(".")[0] ?? "")) {
      throw new RuleProblem(
        ["tripline", "summary"],
        `expected a field, a step or a count in {}, found \`${name}\``,
      );
    }
  }
}

/** The line of the deepest part of `path` that the file has. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === String(key));
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else break;
  }
  return lines.linePos(offset).line;
}

function invalid(file: string, line: number, message: string): TriplineError {
  return new TriplineError("TRIPLINE_RULE_INVALID", `${file}:${line}: ${message}`);
}
