import { hash } from "node:crypto";
import { TriplineError } from "@tripline/events";
import { type Document, isMap, isNode, isSeq, LineCounter, parseDocument } from "yaml";
import { isField } from "../record/fields.ts";
import { anyOf, compileCondition } from "./condition.ts";
import type { Rule, RuleKind } from "./rule.ts";
import { type RuleFile, ruleFileSchema } from "./rule-file.ts";
import { RuleProblem } from "./rule-problem.ts";
import { compileSelection, type Selection } from "./selection.ts";
import { templateNames } from "./template.ts";

const MAX_RULE_CHARS = 256 * 1024; // a rule with many cases is about 5 KiB
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
    return compile(parsed.data, file, hash("sha256", text, "hex"));
  } catch (error) {
    if (!(error instanceof RuleProblem)) throw error;
    throw invalid(file, lineOf(document, lines, error.path), `${error.path.join(".")}: ${error.message}`);
  }
}

/** Reads several rules; two with one id are an error. */
export function parseRules(files: readonly { file: string; text: string }[]): Rule[] {
  const rules = new Map<string, Rule>();
  for (const { file, text } of files) {
    const rule = parseRule(text, file);
    const other = rules.get(rule.id);
    if (other !== undefined)
      throw invalid(file, 1, `id: expected an id of its own, \`${rule.id}\` is taken by ${other.file}`);
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

function compile(definition: RuleFile, file: string, ruleHash: string): Rule {
  const { condition, ...sources } = definition.detection;
  const selections = new Map(
    Object.entries(sources).map(([name, source]) => [name, compileSelection(source, ["detection", name])]),
  );
  const kind = kindOf(definition);
  const steps = (definition.tripline.sequence?.steps ?? []).map(({ name, match }, index) => ({
    name,
    selection: compileCondition(match, selections, ["tripline", "sequence", "steps", index, "match"]),
  }));
  const groupBy = groupByOf(definition);
  checkNames(definition, groupBy);
  const rule = {
    id: definition.id,
    file,
    hash: ruleHash,
    definition,
    kind,
    selection: wholeCondition(condition, selections, steps),
    steps,
    groupBy,
    stage: groupBy.some((field) => field === "credential" || field === "session") ? 1 : 2,
  } as const;
  return rule;
}

function wholeCondition(
  condition: unknown,
  selections: ReadonlyMap<string, Selection>,
  steps: Rule["steps"],
): Selection {
  const path = ["detection", "condition"];
  if (steps.length > 0) {
    if (condition !== undefined)
      throw new RuleProblem(path, "expected none: the steps of a sequence name the selections");
    return anyOf(steps.map(({ selection }) => selection));
  }
  if (typeof condition !== "string")
    throw new RuleProblem(path, "expected a condition such as `selection and not filter`");
  return compileCondition(condition, selections, path);
}

function kindOf({ correlation, tripline }: RuleFile): RuleKind {
  const kinds: RuleKind[] = [];
  if (correlation !== undefined) kinds.push(correlation.type);
  if (tripline.sequence !== undefined) kinds.push("sequence");
  if (tripline.new_value !== undefined) kinds.push("new_value");
  if (tripline.changed !== undefined) kinds.push("changed");
  if (tripline.trifecta !== undefined) kinds.push("trifecta");
  if (kinds.length > 1)
    throw new RuleProblem(["tripline"], `expected one of ${kinds.join(", ")}, not several`);
  return kinds[0] ?? "match";
}

const DEFAULT_GROUP = ["credential"];

function groupByOf({ correlation, tripline }: RuleFile): string[] {
  const own = correlation ?? tripline.sequence ?? tripline.new_value ?? tripline.changed ?? tripline.trifecta;
  return own?.["group-by"] ?? tripline["group-by"] ?? DEFAULT_GROUP;
}

/** Names that only evaluators and templates read: a wrong one would stay silent for ever. */
function checkNames(definition: RuleFile, groupBy: readonly string[]): void {
  const { correlation, tripline } = definition;
  const where = correlation !== undefined ? "correlation" : "tripline";
  for (const field of groupBy) checkField(field.replace(/\?$/, ""), [where]);
  if (correlation?.type === "value_count")
    checkField(correlation.condition.field, ["correlation", "condition", "field"]);
  if (tripline.new_value !== undefined)
    checkField(tripline.new_value.field, ["tripline", "new_value", "field"]);
  const stepNames = tripline.sequence?.steps.map(({ name }) => name) ?? [];
  const { link } = tripline.sequence ?? {};
  const last = stepNames.at(-1);
  if (link !== undefined && (!stepNames.includes(link.from) || link.from === last)) {
    throw new RuleProblem(
      ["tripline", "sequence", "link", "from"],
      "expected the name of a step before the last",
    );
  }
  if (link !== undefined && link.to !== last) {
    throw new RuleProblem(["tripline", "sequence", "link", "to"], "expected the name of the last step");
  }
  const known = new Set([
    "count",
    "values",
    "window",
    "link",
    ...(tripline.trifecta ? ["private", "untrusted", "sink"] : stepNames),
  ]);
  for (const name of templateNames(tripline.summary)) {
    if (!isField(name) && !known.has(name.split(".")[0] ?? "")) {
      throw new RuleProblem(
        ["tripline", "summary"],
        `expected a field, a step or a count in {}, found \`${name}\``,
      );
    }
  }
}

function checkField(field: string, path: readonly PropertyKey[]): void {
  if (!isField(field))
    throw new RuleProblem(path, `expected a field such as tool, server or credential, found \`${field}\``);
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
