import { EFFECTS, TOOL_CLASSES } from "../knowledge/effects.ts";
import { fieldReader, isKnownOnlyAtEnd } from "../record/fields.ts";
import { type FieldItem, fieldItem } from "./field-item.ts";
import { oncePerRecord } from "./once-per-record.ts";
import { RuleProblem } from "./rule-problem.ts";
import { allOf, anyOf, not, type Selection } from "./selection-logic.ts";
import type { SigmaValue } from "./sigma-value.ts";
import { suggestion } from "./suggestion.ts";
import { patternTest } from "./text-pattern.ts";
import { asKeyword, itemTest, unfolded } from "./value-test.ts";

export type { Selection } from "./selection-logic.ts";

type Path = readonly PropertyKey[];

const MAX_MEMBERS = 500; // maps or items of one selection

/** Where keywords are looked for: what a person would read of a record. */
export const KEYWORD_FIELDS = [
  ...["tool", "server", "args", "result", "error", "error_code"],
  ...["principal", "agent", "client", "credential", "session", "upstream", "environment", "team"],
];

/**
 * Compiles a Sigma selection: a map of `field|modifier: value` (all must hold), a list of such maps (one must hold), or
 * texts to look for anywhere in the record (one must be there). @throws RuleProblem
 */
export function compileSelection(source: unknown, path: Path): Selection {
  if (Array.isArray(source)) return oncePerRecord(compileList(source, path));
  if (source !== null && typeof source === "object") return oncePerRecord(compileMap(source, path));
  return oncePerRecord(compileItem("", source, path));
}

function compileList(source: readonly unknown[], path: Path): Selection {
  if (source.length === 0) throw new RuleProblem(path, "expected at least one map of fields, or a text");
  if (source.length > MAX_MEMBERS) throw new RuleProblem(path, `expected at most ${MAX_MEMBERS} members`);
  const words = source.filter((member) => member === null || typeof member !== "object");
  const maps: Selection[] = [];
  for (const [index, member] of source.entries()) {
    if (member === null || typeof member !== "object") continue;
    if (Array.isArray(member))
      throw new RuleProblem([...path, index], "expected a map or a text, found a list");
    maps.push(compileMap(member, [...path, index]));
  }
  return anyOf(words.length === 0 ? maps : [compileItem("", words, path), ...maps]);
}

function compileMap(source: object, path: Path): Selection {
  const items = Object.entries(source).map(([key, value]) => compileItem(key, value, [...path, key]));
  if (items.length === 0) throw new RuleProblem(path, "expected at least one `field: value`");
  if (items.length > MAX_MEMBERS) throw new RuleProblem(path, `expected at most ${MAX_MEMBERS} fields`);
  return allOf(items);
}

function compileItem(key: string, value: unknown, path: Path): Selection {
  const item = fieldItem(key, value, path);
  const positive = item.field === null ? keywords(item, path) : ofField(item, item.field, path);
  return item.negated ? not(positive) : positive;
}

function ofField(item: FieldItem, field: string, path: Path): Selection {
  checkNames(field, item, path);
  const read = fieldReader(field);
  const test = itemTest(item, path);
  const fields = new Set([field, ...item.values.flatMap(unfolded).flatMap(fieldsIn)]);
  return {
    matches: (view) => test(read(view), view),
    fields,
    atEnd: [...fields].some((each) => isKnownOnlyAtEnd(each)) || mayMeanReading(item),
  };
}

/** Any keyword in any field; with `|all`, each keyword in some field. */
function keywords(item: FieldItem, path: Path): Selection {
  const { values, linking } = asKeyword(item);
  const readers = KEYWORD_FIELDS.map(fieldReader);
  const members = values.map((value): Selection => {
    const test = itemTest({ field: null, linking: "any", negated: false, values: [value] }, path);
    return {
      matches: (view) => readers.some((read) => test(read(view), view)),
      fields: new Set(KEYWORD_FIELDS),
      atEnd: true,
    };
  });
  return linking === "any" ? anyOf(members) : allOf(members);
}

function fieldsIn(value: SigmaValue): string[] {
  return value.kind === "field" ? [value.field] : [];
}

/** A result can only show what was read, so the acting effects are known from the start. */
function mayMeanReading({ field, values }: FieldItem): boolean {
  if (field !== "effect") return false;
  const reading = EFFECTS.filter((effect) => effect.startsWith("reads_"));
  return values.flatMap(unfolded).some((value) => {
    if (value.kind !== "text") return true;
    const test = patternTest(value.pattern, (text) => text.toLowerCase());
    return reading.some((effect) => test(effect));
  });
}

/** A misspelt effect or class would never match and never be noticed. */
function checkNames(field: string, { values }: FieldItem, path: Path): void {
  const known: readonly string[] | null =
    field === "effect" ? EFFECTS : field === "tool.class" ? TOOL_CLASSES : null;
  if (known === null) return;
  for (const value of values.flatMap(unfolded)) {
    if (value.kind !== "text") continue;
    const test = patternTest(value.pattern, (text) => text.toLowerCase());
    if (known.some((name) => test(name))) continue;
    const found = value.pattern.filter((part) => typeof part === "string").join("*");
    throw new RuleProblem(
      path,
      `expected one of ${known.join(", ")}, found \`${found}\`${suggestion(found, known)}`,
    );
  }
}
