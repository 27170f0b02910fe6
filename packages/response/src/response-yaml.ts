import { TriplineError } from "@tripline/events";
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, YAMLMap } from "yaml";
import type { z } from "zod";
import { type ResponseConfig, type RuleResponse, responseConfigSchema } from "./response-config.ts";

/**
 * Reads the text of a `response.yaml`; an empty one means the defaults.
 * @throws TriplineError TRIPLINE_RESPONSE_CONFIG_INVALID naming line and path of the first mistake
 */
export function parseResponseConfig(text: string): ResponseConfig {
  const lines = new LineCounter();
  const document = parse(text, lines);
  const parsed = responseConfigSchema.safeParse(document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue === undefined) throw invalid("response.yaml is refused without a reason");
  const path = issuePath(issue);
  const line = lines.linePos(offsetOf(document, path)).line;
  throw invalid(`line ${line}, ${path.join(".") || "top of the file"}: ${issue.message}`);
}

/**
 * The text with one rule's settings replaced, comments and everything else as they were.
 * @throws TriplineError TRIPLINE_RESPONSE_CONFIG_INVALID when `text` is not valid before, or would not be afterwards
 */
export function withRuleResponse(text: string, ruleId: string, settings: RuleResponse): string {
  parseResponseConfig(text);
  const document: Document = parse(text, new LineCounter());
  const root = isMap(document.contents) ? document.contents : new YAMLMap();
  document.contents = root;
  const rules = childMap(childMap(root, "automatic_revocation"), "rules");
  rules.flow = false; // the first rule of `rules: {}` would be written on one line
  const rule = childMap(rules, ruleId);
  const wanted: Record<string, unknown> = settings;
  for (const pair of [...rule.items]) {
    const key = isScalar(pair.key) ? pair.key.value : pair.key;
    if (typeof key !== "string" || wanted[key] === undefined) rule.delete(key);
  }
  for (const [key, value] of Object.entries(wanted)) {
    if (value === undefined) continue;
    // A plain scalar is set in place, which keeps the comment behind it.
    rule.set(key, typeof value === "object" ? document.createNode(value, { flow: true }) : value);
  }
  const edited = document.toString({ lineWidth: 0 });
  parseResponseConfig(edited);
  return edited;
}

/** The map under `key`, made when there is none; a `key:` without a value becomes one. */
function childMap(parent: YAMLMap, key: string): YAMLMap {
  const child = parent.get(key, true);
  if (isMap(child)) return child;
  const made = new YAMLMap();
  parent.set(key, made);
  return made;
}

function parse(text: string, lines: LineCounter): Document.Parsed {
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const error = document.errors[0];
  if (error !== undefined) {
    throw invalid(`line ${lines.linePos(error.pos[0]).line}: not YAML: ${error.message}`);
  }
  return document;
}

function issuePath(issue: z.core.$ZodIssue): PropertyKey[] {
  return issue.code === "unrecognized_keys" && issue.keys[0] !== undefined
    ? [...issue.path, issue.keys[0]]
    : issue.path;
}

/** Where the value at `path` stands in the text, or the nearest thing around it. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === last);
      if (pair !== undefined && isNode(pair.key)) return pair.key.range?.[0] ?? 0;
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function invalid(message: string): TriplineError {
  return new TriplineError("TRIPLINE_RESPONSE_CONFIG_INVALID", `response.yaml: ${message}`);
}
