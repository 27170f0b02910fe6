import { z } from "zod";
import { correlationDocumentSchema, detectionDocumentSchema } from "./rule-file.ts";
import { RuleProblem } from "./rule-problem.ts";
import { suggestion } from "./suggestion.ts";

const MAX_FOUND_CHARS = 40;
const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

/** What a schema found wrong with a document, in the words of all rule errors. Misspelt keys come first. */
export function schemaProblems(error: z.ZodError, document: unknown): RuleProblem[] {
  const problems: RuleProblem[] = [];
  for (const issue of error.issues) {
    if (issue.code !== "unrecognized_keys") continue;
    for (const key of issue.keys) {
      problems.push(
        new RuleProblem(
          [...issue.path, key],
          `expected a key of rules, found \`${shown(key)}\`${suggestion(key, keysOfRules())}`,
        ),
      );
    }
  }
  for (const issue of error.issues) {
    if (issue.code === "unrecognized_keys") continue;
    problems.push(new RuleProblem(issue.path, `${expectation(issue)}${foundAt(document, issue)}`));
  }
  return problems;
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.message.startsWith("expected")) return issue.message;
  switch (issue.code) {
    case "invalid_type":
      return `expected ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return issue.values.length === 1
        ? `expected \`${String(issue.values[0])}\``
        : `expected one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `expected ${issue.origin === "number" || issue.origin === "int" ? "a number of" : "a length of"} at least ${issue.minimum}`;
    case "too_big":
      return `expected ${issue.origin === "number" || issue.origin === "int" ? "a number of" : "a length of"} at most ${issue.maximum}`;
    default:
      return `expected something else (${issue.message})`;
  }
}

/** `, found …`, with what was most likely meant. */
function foundAt(document: unknown, issue: z.core.$ZodIssue): string {
  if (issue.message.includes(", found ")) return "";
  let found: unknown = document;
  for (const key of issue.path) {
    if (found === null || typeof found !== "object") return "";
    found = Object.entries(found).find(([name]) => name === String(key))?.[1];
  }
  if (found === undefined) return ", found nothing";
  if (found === null) return ", found null";
  if (Array.isArray(found)) return ", found a list";
  if (typeof found === "object") return ", found a map";
  const hint = issue.code === "invalid_value" ? suggestion(String(found), issue.values.map(String)) : "";
  return `, found \`${shown(String(found))}\`${hint}`;
}

function shown(text: string): string {
  return text.length > MAX_FOUND_CHARS ? `${text.slice(0, MAX_FOUND_CHARS)}…` : text;
}

let keys: readonly string[] | null = null; // of fixed schemas: worked out when the first key is misspelt

function keysOfRules(): readonly string[] {
  if (keys !== null) return keys;
  const found = new Set<string>();
  for (const schema of [detectionDocumentSchema, correlationDocumentSchema])
    collect(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }), found);
  keys = [...found];
  return keys;
}

function collect(schema: unknown, into: Set<string>): void {
  if (schema === null || typeof schema !== "object") return;
  for (const [key, value] of Object.entries(schema)) {
    if (key === "properties" && value !== null && typeof value === "object")
      for (const name of Object.keys(value)) into.add(name);
    collect(value, into);
  }
}
