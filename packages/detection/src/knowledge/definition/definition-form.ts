import { canonicalJson } from "@tripline/events";
import { z } from "zod";
import { fnv1a } from "../../text/hashing.ts";
import { plain } from "../../text/plain.ts";
import { isObject } from "./definition-texts.ts";

/**
 * What is kept of a definition to say later what has changed in it: at most about 4 KiB, whatever the server lists. What
 * does not fit is kept as a hash, so that its change is still seen.
 */
export const definitionFormSchema = z.object({
  description: z.string(),
  /** Of all of the description. */
  descriptionHash: z.number(),
  title: z.string(),
  annotations: z.record(z.string(), z.union([z.boolean(), z.string(), z.number()])),
  parameters: z.array(
    z.tuple([
      z.string(),
      z.object({
        type: z.string(),
        required: z.boolean(),
        wording: z.number(),
        rest: z.number(),
        default: z.string(),
      }),
    ]),
  ),
  /** Of all other parts: parameters that do not fit, the output's schema. */
  rest: z.number(),
});
export type DefinitionForm = z.infer<typeof definitionFormSchema>;

const MAX_DESCRIPTION_CHARS = 1600;
const MAX_PARAMETERS = 24;
const MAX_NAME_CHARS = 48;
const MAX_VALUE_CHARS = 40;
const MAX_ANNOTATIONS = 8;

export function formOf(definition: Readonly<Record<string, unknown>>): DefinitionForm {
  const description = typeof definition.description === "string" ? definition.description : "";
  const schema = isObject(definition.inputSchema) ? definition.inputSchema : {};
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const annotations = isObject(definition.annotations) ? definition.annotations : {};
  const { properties: _, required: __, ...schemaRest } = schema;
  return {
    description: description.slice(0, MAX_DESCRIPTION_CHARS),
    descriptionHash: fnv1a(description),
    title: (typeof definition.title === "string" ? definition.title : "").slice(0, MAX_VALUE_CHARS),
    annotations: Object.fromEntries(
      Object.entries(annotations)
        .filter((entry): entry is [string, boolean] => typeof entry[1] === "boolean")
        .slice(0, MAX_ANNOTATIONS)
        .map(([name, value]) => [name.slice(0, MAX_NAME_CHARS), value]),
    ),
    parameters: properties
      .slice(0, MAX_PARAMETERS)
      .map(([name, property]) => [
        name.slice(0, MAX_NAME_CHARS),
        parameterForm(property, required.has(name)),
      ]),
    rest: fnv1a(canonicalJson([schemaRest, properties.slice(MAX_PARAMETERS), definition.outputSchema])),
  };
}

function parameterForm(property: unknown, required: boolean): DefinitionForm["parameters"][number][1] {
  const schema = isObject(property) ? property : {};
  const { description, title, type, default: byDefault, ...rest } = schema;
  return {
    type: (typeof type === "string" ? type : canonicalJson(type)).slice(0, MAX_VALUE_CHARS),
    required,
    wording: fnv1a(JSON.stringify([description, title])),
    rest: fnv1a(canonicalJson(rest)),
    default: byDefault === undefined ? "" : canonicalJson(byDefault).slice(0, MAX_VALUE_CHARS),
  };
}

/** How much a change can matter: words only, what a tool takes, or what puts agents at risk. */
export const WEIGHTS = ["wording", "shape", "risk"] as const;
export type Weight = (typeof WEIGHTS)[number];

export interface Change {
  weight: Weight;
  /** In words; text of the server is cut and made harmless. */
  note: string;
}

const MAX_SHOWN_CHARS = 160;
const ASKS_FOR_MORE =
  /password|passwd|secret|token|api_?key|credential|private_?key|conversation|history|system_?prompt|context|side_?note|env/i;

/** What has changed, gravest first. Empty when only what no form keeps has, as the order of keys. */
export function changesBetween(before: DefinitionForm, after: DefinitionForm): Change[] {
  const changes: Change[] = [];
  if (before.descriptionHash !== after.descriptionHash) {
    changes.push({
      weight: "wording",
      note: `description: ${wordsChanged(before.description, after.description)}`,
    });
  }
  if (before.title !== after.title)
    changes.push({ weight: "wording", note: `title ${quoted(before.title)} became ${quoted(after.title)}` });
  changes.push(...annotationChanges(before, after), ...parameterChanges(before, after));
  if (changes.length === 0 && before.rest !== after.rest)
    changes.push({ weight: "wording", note: "other parts of its schemas" });
  return changes.toSorted((a, b) => WEIGHTS.indexOf(b.weight) - WEIGHTS.indexOf(a.weight));
}

function annotationChanges(before: DefinitionForm, after: DefinitionForm): Change[] {
  const names = new Set([...Object.keys(before.annotations), ...Object.keys(after.annotations)]);
  return [...names].flatMap((name): Change[] => {
    const [from, to] = [before.annotations[name], after.annotations[name]];
    if (from === to) return [];
    // A tool that calls itself more harmless than before gets less attention than before.
    const milder =
      (name === "readOnlyHint" && to === true) ||
      ((name === "destructiveHint" || name === "openWorldHint") && to === false);
    return [
      {
        weight: milder ? "risk" : "shape",
        note: `${plain(name, 40)} ${from ?? "unsaid"} became ${to ?? "unsaid"}`,
      },
    ];
  });
}

function parameterChanges(before: DefinitionForm, after: DefinitionForm): Change[] {
  const old = new Map(before.parameters);
  const now = new Map(after.parameters);
  const changes: Change[] = [];
  for (const [name, parameter] of now) {
    const shown = plain(name, MAX_NAME_CHARS);
    const was = old.get(name);
    if (was === undefined) {
      const weight = parameter.required || ASKS_FOR_MORE.test(name) ? "risk" : "shape";
      changes.push({ weight, note: `new ${parameter.required ? "required " : ""}parameter ${shown}` });
      continue;
    }
    if (was.required !== parameter.required)
      changes.push({
        weight: parameter.required ? "risk" : "shape",
        note: `parameter ${shown} is ${parameter.required ? "now" : "no longer"} required`,
      });
    if (was.type !== parameter.type || was.rest !== parameter.rest)
      changes.push({ weight: "shape", note: `parameter ${shown} takes other values` });
    if (was.default !== parameter.default)
      changes.push({
        weight: "shape",
        note: `parameter ${shown} is ${quoted(parameter.default)} by default, it was ${quoted(was.default)}`,
      });
    if (was.wording !== parameter.wording)
      changes.push({ weight: "wording", note: `wording of parameter ${shown}` });
  }
  for (const name of old.keys())
    if (!now.has(name))
      changes.push({ weight: "shape", note: `parameter ${plain(name, MAX_NAME_CHARS)} is gone` });
  return changes;
}

/** The words between what both begin and both end with. */
function wordsChanged(before: string, after: string): string {
  const [old, now] = [before.split(/\s+/), after.split(/\s+/)];
  let begin = 0;
  while (begin < old.length && begin < now.length && old[begin] === now[begin]) begin += 1;
  let end = 0;
  while (end < old.length - begin && end < now.length - begin && old.at(-1 - end) === now.at(-1 - end))
    end += 1;
  const removed = old.slice(begin, old.length - end).join(" ");
  const added = now.slice(begin, now.length - end).join(" ");
  if (removed === "" && added === "") return "its end, or its spaces";
  return [added === "" ? "" : `+ ${quoted(added)}`, removed === "" ? "" : `− ${quoted(removed)}`]
    .filter((part) => part !== "")
    .join(" ");
}

function quoted(text: string): string {
  return `“${plain(text, MAX_SHOWN_CHARS)}”`;
}
