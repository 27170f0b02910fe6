import { isCollection, isMap, isNode, LineCounter, parseAllDocuments } from "yaml";

/** A document of a rule's file as it was written, for tools that speak about the text. The file has been read strictly before. */
export interface RawDocument {
  readonly value: Readonly<Record<string, unknown>>;
  /** The line (from 1) of the deepest part of `path` that the document has. */
  lineOf(path: readonly PropertyKey[]): number;
}

const MAX_ALIASES = 50; // as when it was read

export function rawDocuments(text: string): RawDocument[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines });
  const documents = Array.isArray(parsed) ? parsed : [];
  return documents.flatMap((document): RawDocument[] => {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    if (!isRecord(value)) return [];
    const lineOf = (path: readonly PropertyKey[]): number => {
      let node: unknown = document.contents;
      let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
      for (const key of path) {
        if (!isCollection(node)) break;
        const pair = isMap(node) ? node.items.find((item) => String(item.key) === String(key)) : undefined;
        if (pair !== undefined && isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
        node = pair === undefined ? node.get(key, true) : pair.value;
        if (pair === undefined && isNode(node)) offset = node.range?.[0] ?? offset;
      }
      return lines.linePos(offset).line;
    };
    return [{ value, lineOf }];
  });
}

/** The member of that name, where the value is a map. */
export function member(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** A condition in a document, and what it decides. */
export interface NamedCondition {
  /** `condition`, or the name of the step that it is of. */
  readonly name: string;
  readonly text: string;
  readonly path: readonly PropertyKey[];
}

/** All conditions over a document's selections: the detection's own, and those of steps and other keys below `tripline`. */
export function conditionsOf({ value }: RawDocument): NamedCondition[] {
  const found: NamedCondition[] = [];
  const detection = member(value, "detection");
  const own = member(detection, "condition");
  for (const [index, text] of [own].flat().entries()) {
    if (typeof text === "string") {
      const path = ["detection", "condition", ...(Array.isArray(own) ? [index] : [])];
      found.push({ name: "condition", text, path });
    }
  }
  collect(member(value, "tripline"), ["tripline"], found);
  return found;
}

const CONDITION_KEYS = ["match", "until"]; // where kinds keep conditions

function collect(value: unknown, path: readonly PropertyKey[], into: NamedCondition[]): void {
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) collect(each, [...path, index], into);
    return;
  }
  if (!isRecord(value) || path.at(-1) === "tests") return;
  for (const [key, each] of Object.entries(value)) {
    if (CONDITION_KEYS.includes(key) && typeof each === "string") {
      const name = typeof value.name === "string" ? value.name : key;
      into.push({ name, text: each, path: [...path, key] });
    } else collect(each, [...path, key], into);
  }
}

/** The selections of a document, as written. */
export function selectionsOf({ value }: RawDocument): [string, unknown][] {
  const detection = member(value, "detection");
  return isRecord(detection) ? Object.entries(detection).filter(([name]) => name !== "condition") : [];
}
