import { SEVERITIES, TriplineError } from "@tripline/events";
import { type Condition, parseCondition } from "../rule/condition-parser.ts";
import type { RuleFile } from "../rule/load-rules.ts";
import { parseRule } from "../rule/parse-rule.ts";
import {
  conditionsOf,
  isRecord,
  member,
  type RawDocument,
  rawDocuments,
  selectionsOf,
} from "../rule/raw-documents.ts";
import type { Rule } from "../rule/rule.ts";
import { testRule } from "../test-rule.ts";

/** `error`: the rule can't be used, or fails its own cases. `warning`: it can, and something is amiss. `note`: good to know. */
export const LINT_LEVELS = ["error", "warning", "note"] as const;
export type LintLevel = (typeof LINT_LEVELS)[number];

export interface LintFinding {
  file: string;
  /** From 1; null where it is about the whole file. */
  line: number | null;
  level: LintLevel;
  /** Stable, for who filters: `no-negative-case` … */
  code: string;
  message: string;
}

/**
 * Reads the file strictly, runs its cases, and says what a reviewer would say.
 * @param others files that its correlations may refer to
 */
export function lintRule(
  text: string,
  file: string,
  others: readonly RuleFile[] = [],
): { rule: Rule | null; findings: LintFinding[] } {
  let rule: Rule;
  try {
    rule = parseRule(text, file, others);
  } catch (error) {
    if (!(error instanceof TriplineError)) throw error;
    return { rule: null, findings: [invalid(error.message, file)] };
  }
  const documents = rawDocuments(text);
  const main = documents.at(-1);
  if (main === undefined) return { rule, findings: [] };
  const found = [
    ...casesOf(rule),
    ...textsOf(rule, main),
    ...responseOf(rule, main),
    ...costOf(rule, main),
    ...documents.flatMap(unusedSelections),
    ...documents.flatMap(needlessPatterns),
  ];
  return { rule, findings: found.map((finding) => ({ file, ...finding })) };
}

type Finding = Omit<LintFinding, "file">;

/** `file:line: message`, as the reader of rules says it. */
function invalid(message: string, file: string): LintFinding {
  const [, line, rest] = /:(\d+): (.*)$/s.exec(message.slice(file.length)) ?? [];
  return {
    file,
    line: line === undefined ? null : Number(line),
    level: "error",
    code: "invalid",
    message: rest ?? message,
  };
}

function casesOf(rule: Rule): Finding[] {
  const { tests } = rule.definition.tripline;
  const failed = testRule(rule)
    .filter(({ passed }) => !passed)
    .map(
      ({ name, expected, found }): Finding => ({
        line: null,
        level: "error",
        code: "case-fails",
        message: `its case \`${name}\` expects [${expected.join(", ")}] and gives [${found.join(", ")}]`,
      }),
    );
  const lacking: Finding[] = [];
  if (!tests.some(({ alerts }) => alerts.length > 0))
    lacking.push(warning("no-positive-case", "it has no case in which it raises an alert: `tripline.tests`"));
  if (!tests.some(({ alerts }) => alerts.length === 0))
    lacking.push(warning("no-negative-case", "it has no case in which it stays silent: `tripline.tests`"));
  return [...failed, ...lacking];
}

const THREAT_TAG = /^(?:owasp|atlas|attack)\./;

function textsOf({ definition }: Rule, { value }: RawDocument): Finding[] {
  const found: Finding[] = [];
  const own = member(value, "tripline");
  if (definition.description === undefined)
    found.push(warning("no-description", "`description` is missing: what it means, in plain words"));
  if (member(own, "why") === undefined)
    found.push(
      warning("no-why", "`tripline.why` is missing: why it is bad, for who gets the alert at night"),
    );
  if (member(own, "next") === undefined)
    found.push(warning("no-next", "`tripline.next` is missing: what to do"));
  if (member(own, "summary") === undefined)
    found.push(warning("no-summary", "`tripline.summary` is missing: alerts will only say the title"));
  if (definition.falsepositives.length === 0)
    found.push(warning("no-falsepositives", "`falsepositives` is missing: when it is harmless"));
  if (definition.references.length === 0)
    found.push(warning("no-references", "`references` is missing: what it rests on"));
  if (!definition.tags.some((tag) => THREAT_TAG.test(tag)))
    found.push(warning("no-tags", "`tags` names no threat: owasp.asiNN, owasp.mcpNN, atlas.aml.tNNNN"));
  if (definition.id === undefined)
    found.push(note("no-id", "`id` is missing: other Sigma tools want a UUID"));
  return found;
}

const GRAVE = SEVERITIES.indexOf("high");

function responseOf({ definition }: Rule, { value, lineOf }: RawDocument): Finding[] {
  if (SEVERITIES.indexOf(definition.level) < GRAVE) return [];
  if (member(member(value, "tripline"), "response") !== undefined) return [];
  const message = `it is ${definition.level} and \`tripline.response\` says nothing: may an operator let it revoke, and what?`;
  return [{ line: lineOf(["level"]), level: "warning", code: "no-response", message }];
}

function costOf({ stage, kind, evaluation, definition }: Rule, { lineOf }: RawDocument): Finding[] {
  const found: Finding[] = [];
  if (stage === 2) {
    found.push({
      line: lineOf(["tripline", "group-by"]),
      level: "note",
      code: "second-stage",
      message: `grouped by ${evaluation.groupBy.join(", ")}, it needs the records of many keys: they are copied to a second stage, which judges two to three seconds later`,
    });
  }
  if (kind === "match" && definition.tripline.quiet === undefined) {
    const message = "`tripline.quiet` is missing: findings of a group are repeated every 10 minutes";
    found.push({ line: lineOf(["tripline"]), level: "note", code: "no-quiet", message });
  }
  return found;
}

function unusedSelections(document: RawDocument): Finding[] {
  const names = selectionsOf(document).map(([name]) => name);
  const used = new Set(
    conditionsOf(document).flatMap(({ text, path }) => namesIn(parseCondition(text, names, path))),
  );
  return names
    .filter((name) => !used.has(name))
    .map((name) => ({
      line: document.lineOf(["detection", name]),
      level: "warning",
      code: "unused-selection",
      message: `no condition uses the selection \`${name}\``,
    }));
}

function namesIn(condition: Condition): readonly string[] {
  if (condition.kind === "name") return [condition.name];
  if (condition.kind === "of") return condition.names;
  if (condition.kind === "not") return namesIn(condition.term);
  return condition.terms.flatMap(namesIn);
}

const LITERAL = /^[^\\^$.|?*+()[\]{}]+$/;

/** Regular expressions that say no more than a part of a text: `contains` is faster, and easier to read. */
function needlessPatterns(document: RawDocument): Finding[] {
  return selectionsOf(document).flatMap(([name, source]) =>
    patternsIn(source, ["detection", name]).map(({ path, pattern }) => ({
      line: document.lineOf(path),
      level: "warning" as const,
      code: "needless-regex",
      message: `the expression \`${pattern}\` is only a part of a text: say \`|contains\``,
    })),
  );
}

function patternsIn(
  source: unknown,
  path: readonly PropertyKey[],
): { path: readonly PropertyKey[]; pattern: string }[] {
  if (Array.isArray(source)) return source.flatMap((each, index) => patternsIn(each, [...path, index]));
  if (!isRecord(source)) return [];
  return Object.entries(source).flatMap(([key, value]) => {
    if (!key.split("|").includes("re")) return [];
    return [value]
      .flat()
      .filter((each) => typeof each === "string")
      .filter((each) => LITERAL.test(each))
      .map((pattern) => ({ path: [...path, key], pattern }));
  });
}

function warning(code: string, message: string): Finding {
  return { line: null, level: "warning", code, message };
}

function note(code: string, message: string): Finding {
  return { line: null, level: "note", code, message };
}
