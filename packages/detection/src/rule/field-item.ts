import { FIELDS, isField } from "../record/fields.ts";
import { modified, regexOf, VALUE_MODIFIERS } from "./modifiers.ts";
import { RuleProblem } from "./rule-problem.ts";
import type { SigmaValue } from "./sigma-value.ts";
import { suggestion } from "./suggestion.ts";
import { MANY, ONE, parsePattern, type TextPattern } from "./text-pattern.ts";

type Path = readonly PropertyKey[];

/** One `field|modifier…: value` of a selection. */
export interface FieldItem {
  /** Null: a keyword, looked for in the whole record. */
  readonly field: string | null;
  /** `any` of the values must match, or, with `|all`, `all`. */
  readonly linking: "any" | "all";
  /** With `|neq`: the item holds where it otherwise would not. */
  readonly negated: boolean;
  readonly values: readonly SigmaValue[];
}

export const MAX_VALUES = 2000; // of one item; longer lists belong into a record's field
const MAX_VALUE_CHARS = 2000;
const MAX_RUN_CHARS = 256; // between two `*`, where there are `?`: such a run is tried at each place of a text

const LIST_MODIFIERS = ["all", "neq"];
export const MODIFIERS = [...LIST_MODIFIERS, "re", ...VALUE_MODIFIERS.keys()];

/** Reads one item of a selection. @throws RuleProblem */
export function fieldItem(key: string, value: unknown, path: Path): FieldItem {
  const [name = "", ...modifiers] = key.split("|");
  if (name !== "" && !isField(name)) {
    throw new RuleProblem(
      path,
      `expected a field such as tool, server, args.path or effect, found \`${name}\`${suggestion(name, Object.keys(FIELDS))}`,
    );
  }
  checkModifiers(modifiers, path);
  const given: unknown[] = Array.isArray(value) ? value : [value];
  if (given.length === 0) throw new RuleProblem(path, "expected at least one value");
  if (given.length > MAX_VALUES) throw new RuleProblem(path, `expected at most ${MAX_VALUES} values`);
  const values = given.map((each, index) =>
    sigmaValue(each, modifiers, Array.isArray(value) ? [...path, index] : path),
  );
  for (const each of values) checkValue(each, name, path);
  return {
    field: name === "" ? null : name,
    linking: modifiers.includes("all") ? "all" : "any",
    negated: modifiers.includes("neq"),
    values,
  };
}

function checkModifiers(modifiers: readonly string[], path: Path): void {
  for (const name of modifiers) {
    if (name === "expand") {
      throw new RuleProblem(
        path,
        "expected the values themselves, found `expand`: there is no pipeline that fills in placeholders",
      );
    }
    if (!MODIFIERS.includes(name)) {
      throw new RuleProblem(
        path,
        `expected a modifier of ${MODIFIERS.join(", ")}, found \`${name}\`${suggestion(name, MODIFIERS)}`,
      );
    }
  }
}

function sigmaValue(given: unknown, modifiers: readonly string[], path: Path): SigmaValue {
  let value = modifiers.includes("re") ? regexValue(given, modifiers, path) : plainValue(given, path);
  const before: string[] = [];
  for (const name of modifiers) {
    const modifier = VALUE_MODIFIERS.get(name);
    if (modifier !== undefined) {
      const changed = modified(value, modifier, before);
      if (typeof changed === "string") throw new RuleProblem(path, `expected ${changed}`);
      value = changed;
    }
    if (!LIST_MODIFIERS.includes(name)) before.push(name);
  }
  return value;
}

function plainValue(given: unknown, path: Path): SigmaValue {
  if (given === null) return { kind: "null" };
  if (typeof given === "number") return { kind: "number", number: given };
  if (typeof given === "boolean") return { kind: "boolean", boolean: given };
  if (typeof given !== "string")
    throw new RuleProblem(path, "expected a text, a number, true, false, null, or a list of them");
  checkLength(given, path);
  return { kind: "text", pattern: parsePattern(given), cased: false };
}

function regexValue(given: unknown, modifiers: readonly string[], path: Path): SigmaValue {
  if (modifiers.find((name) => !LIST_MODIFIERS.includes(name)) !== "re")
    throw new RuleProblem(path, "expected `re` without other modifiers before it");
  if (typeof given !== "string") throw new RuleProblem(path, "expected a regular expression in quotes");
  checkLength(given, path);
  return regexOf(given);
}

function checkLength(text: string, path: Path): void {
  if (text.length > MAX_VALUE_CHARS)
    throw new RuleProblem(path, `expected at most ${MAX_VALUE_CHARS} characters`);
}

function checkValue(value: SigmaValue, field: string, path: Path): void {
  if (value.kind === "alternatives") {
    for (const each of value.values) checkValue(each, field, path);
  } else if (value.kind === "text" && longestRun(value.pattern) > MAX_RUN_CHARS) {
    throw new RuleProblem(path, `expected at most ${MAX_RUN_CHARS} characters beside \`?\` without a \`*\``);
  } else if (value.kind === "field") {
    if (field === "") throw new RuleProblem(path, "expected a field before `|fieldref`");
    if (!isField(value.field)) {
      throw new RuleProblem(
        path,
        `expected the name of a field, found \`${value.field}\`${suggestion(value.field, Object.keys(FIELDS))}`,
      );
    }
  } else if (field === "" && value.kind !== "text" && value.kind !== "regex" && value.kind !== "number") {
    throw new RuleProblem(path, "expected a text or a number to look for, or a field before the modifiers");
  }
}

/** The longest stretch between two `*` that has a `?` in it. */
function longestRun(pattern: TextPattern): number {
  let longest = 0;
  let length = 0;
  let open = false;
  for (const part of pattern) {
    if (part === MANY) {
      length = 0;
      open = false;
    } else if (part === ONE) {
      length += 1;
      open = true;
    } else length += part.length;
    if (open) longest = Math.max(longest, length);
  }
  return longest;
}
