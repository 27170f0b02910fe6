import { TriplineError } from "@tripline/events";
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";

/** What mistakes in a text are called. */
export interface YamlText {
  /** e.g. `response.yaml` */
  name: string;
  code: `TRIPLINE_${string}`;
}

/**
 * A settings file's text as its schema has it; an empty one is an empty map.
 * @throws TriplineError with the given code, naming line and path of the first mistake
 */
export function parseYaml<S extends z.ZodType>(text: string, schema: S, about: YamlText): z.output<S> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const invalid = (offset: number, what: string): TriplineError =>
    new TriplineError(about.code, `${about.name}: line ${lines.linePos(offset).line}${what}`);
  const [error] = document.errors;
  if (error !== undefined) throw invalid(error.pos[0], `: not YAML: ${error.message}`);
  const parsed = schema.safeParse(document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue === undefined ? [] : issuePath(issue);
  const where = path.join(".") || "top of the file";
  throw invalid(offsetOf(document, path), `, ${where}: ${issue?.message ?? "it is refused"}`);
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
