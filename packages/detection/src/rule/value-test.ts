import { type FieldValue, fieldReader } from "../record/fields.ts";
import { lowerCase, lowerCaseOf } from "../record/lower-case.ts";
import type { RecordView } from "../record/record-view.ts";
import { cidrTest } from "./cidr.ts";
import type { FieldItem } from "./field-item.ts";
import { regexTest } from "./regex.ts";
import type { Comparison, SigmaValue } from "./sigma-value.ts";
import { containedText, MANY, openPattern, patternTest, plainText } from "./text-pattern.ts";
import { timePart } from "./time-part.ts";

type Path = readonly PropertyKey[];
type TextTest = (text: string) => boolean;
type ValueTest = (found: FieldValue, view: RecordView) => boolean;

const MAX_TEXT_CHARS = 64 * 1024; // of one value that is searched; the capture cuts earlier by default

/** Compiles the values of an item, without its `neq`. Of a field with several values one must match. @throws RuleProblem */
export function itemTest({ linking, values }: FieldItem, path: Path): ValueTest {
  if (linking === "any") return anyTest(values.flatMap(unfolded), path);
  const tests = values.map((value) => anyTest(unfolded(value), path));
  return (found, view) => tests.every((test) => test(found, view));
}

/** One pass over the field's texts for all values that are about texts. */
function anyTest(values: readonly SigmaValue[], path: Path): ValueTest {
  const exact = new Set(values.flatMap(exactTexts));
  const asIs: TextTest[] = [];
  const folded: TextTest[] = exact.size === 0 ? [] : [(text) => exact.has(text)];
  const contained: string[] = [];
  const others: ValueTest[] = [];
  for (const value of values) {
    if (exactTexts(value).length > 0) continue;
    if (value.kind === "text" && !value.cased) {
      const inner = containedText(value.pattern);
      if (inner !== null && !inner.includes("\0")) contained.push(lowerCase(inner));
      else folded.push(patternTest(value.pattern, lowerCase));
    } else {
      const test = textTest(value, path);
      if (test === null) others.push(fieldTest(value));
      else asIs.push(test);
    }
  }
  const test = textsTest({ asIs, folded, contained });
  if (others.length === 0) return test;
  return (found, view) => test(found) || others.some((other) => other(found, view));
}

interface TextTests {
  readonly asIs: readonly TextTest[];
  /** Of texts in lower case. */
  readonly folded: readonly TextTest[];
  /** What texts in lower case may contain; without NUL. */
  readonly contained: readonly string[];
}

/** Whether some text passes some test. */
function textsTest({ asIs, folded, contained }: TextTests): (found: FieldValue) => boolean {
  const folds = folded.length > 0 || contained.length > 0;
  const passes = (text: string): boolean => {
    if (folds) {
      const lowered = lowerCase(text);
      if (containsAny(lowered, contained) || passesAny(lowered, folded)) return true;
    }
    return asIs.length > 0 && passesAny(text, asIs);
  };
  return (found) => {
    if (found === undefined) return false;
    if (typeof found === "string") return passes(cut(found));
    if (typeof found !== "object") return passes(String(found));
    if (folds) {
      const { texts, together } = lowerCaseOf(found, MAX_TEXT_CHARS);
      if (contained.length > 0) {
        if (together !== null) {
          if (containsAny(together, contained)) return true;
        } else if (texts.some((text) => containsAny(text, contained))) return true;
      }
      if (folded.length > 0) for (const text of texts) if (passesAny(text, folded)) return true;
    }
    if (asIs.length > 0) for (const text of found) if (passesAny(cut(text), asIs)) return true;
    return false;
  };
}

function containsAny(text: string, parts: readonly string[]): boolean {
  for (const part of parts) if (text.includes(part)) return true;
  return false;
}

function passesAny(text: string, tests: readonly TextTest[]): boolean {
  for (const test of tests) if (test(text)) return true;
  return false;
}

function cut(text: string): string {
  return text.length > MAX_TEXT_CHARS ? text.slice(0, MAX_TEXT_CHARS) : text;
}

/** A keyword stands anywhere in a text, as if it said `contains`. */
export function asKeyword(item: FieldItem): FieldItem {
  return { ...item, values: item.values.map(keyword) };
}

function keyword(value: SigmaValue): SigmaValue {
  if (value.kind === "text") return { ...value, pattern: openPattern(value.pattern, true, true) };
  if (value.kind === "number")
    return { kind: "text", pattern: [MANY, String(value.number), MANY], cased: false };
  return value.kind === "alternatives" ? { ...value, values: value.values.map(keyword) } : value;
}

/** The folded texts that alone match the value; none where others do too. */
function exactTexts(value: SigmaValue): string[] {
  if (value.kind === "number") return [String(value.number)];
  if (value.kind === "boolean") return [String(value.boolean)];
  const plain = value.kind === "text" && !value.cased ? plainText(value.pattern) : null;
  return plain === null ? [] : [lowerCase(plain)];
}

export function unfolded(value: SigmaValue): readonly SigmaValue[] {
  return value.kind === "alternatives" ? value.values : [value];
}

/** How a value is tested on one text; null for values that are not about one text alone. @throws RuleProblem */
function textTest(value: SigmaValue, path: Path): TextTest | null {
  switch (value.kind) {
    case "text":
      return patternTest(value.pattern, (text) => text);
    case "regex":
      return regexTest(value.source, value.flags, value.anchor, path);
    case "network":
      return cidrTest(value.network, path);
    case "comparison": {
      const { comparison, number, part } = value;
      return (text) => holds(comparison, part === null ? numberIn(text) : timePart(text, part), number);
    }
    case "time": {
      const { part, number } = value;
      return (text) => timePart(text, part) === number;
    }
    default:
      return null;
  }
}

function fieldTest(value: SigmaValue): ValueTest {
  if (value.kind === "null") return (found) => found === undefined;
  if (value.kind === "exists") return (found) => (found !== undefined) === value.exists;
  if (value.kind === "field") return referenceTest(value);
  throw new TypeError(`${value.kind} is tested on texts`);
}

const NUMBER = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

function numberIn(text: string): number | null {
  return NUMBER.test(text) ? Number(text) : null;
}

function holds(comparison: Comparison, found: number | null, wanted: number): boolean {
  if (found === null) return false;
  if (comparison === "gt") return found > wanted;
  if (comparison === "gte") return found >= wanted;
  return comparison === "lt" ? found < wanted : found <= wanted;
}

const MAX_REFERENCED = 16; // values of the other field that are compared; all pairs are tried

function referenceTest({ field, startsWith, endsWith }: Extract<SigmaValue, { kind: "field" }>): ValueTest {
  const read = fieldReader(field);
  const matches = (text: string, other: string): boolean => {
    if (startsWith && endsWith) return text.includes(other);
    if (startsWith) return text.startsWith(other);
    return endsWith ? text.endsWith(other) : text === other;
  };
  return (found, view) => {
    const others = foldedTexts(read(view)).slice(0, MAX_REFERENCED);
    return (
      others.length > 0 && foldedTexts(found).some((text) => others.some((other) => matches(text, other)))
    );
  };
}

function foldedTexts(value: FieldValue): string[] {
  if (value === undefined) return [];
  return typeof value === "object"
    ? value.map((text) => lowerCase(cut(text)))
    : [lowerCase(cut(String(value)))];
}
