import { type ResponseConfig, type RuleResponse, responseConfigSchema } from "@tripline/response";
import { parseYaml } from "@tripline/service";
import { type Document, isMap, isScalar, parseDocument, YAMLMap } from "yaml";

const ABOUT = { name: "response.yaml", code: "TRIPLINE_RESPONSE_CONFIG_INVALID" } as const;

/**
 * Reads the text of a `response.yaml`; an empty one means the defaults.
 * @throws TriplineError TRIPLINE_RESPONSE_CONFIG_INVALID naming line and path of the first mistake
 */
export function parseResponseConfig(text: string): ResponseConfig {
  return parseYaml(text, responseConfigSchema, ABOUT);
}

/**
 * The text with one rule's settings replaced, comments and everything else as they were.
 * @throws TriplineError TRIPLINE_RESPONSE_CONFIG_INVALID when `text` is not valid before, or would not be afterwards
 */
export function withRuleResponse(text: string, ruleId: string, settings: RuleResponse): string {
  parseResponseConfig(text);
  const document: Document = parseDocument(text);
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
