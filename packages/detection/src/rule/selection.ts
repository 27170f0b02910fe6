import { EFFECTS, TOOL_CLASSES } from "../knowledge/effects.ts";
import { fieldReader, isField, isKnownOnlyAtEnd } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import { allOf, anyOf } from "./condition.ts";
import { compileTest } from "./field-test.ts";
import { RuleProblem } from "./rule-problem.ts";

/** A compiled selection or condition. */
export interface Selection {
  matches(view: RecordView): boolean;
  /** Names of the fields it looks at. */
  fields: ReadonlySet<string>;
  /** True when it can only be judged once the call has ended. */
  atEnd: boolean;
}

/** Compiles a Sigma selection: a map of `field|modifier: value` (all must hold), or a list of such maps (one must hold). */
export function compileSelection(source: unknown, path: readonly PropertyKey[]): Selection {
  if (Array.isArray(source)) {
    if (source.length === 0) throw new RuleProblem(path, "expected at least one map of fields");
    return anyOf(source.map((member: unknown, index) => compileSelection(member, [...path, index])));
  }
  if (source === null || typeof source !== "object") {
    throw new RuleProblem(
      path,
      "expected a map of `field: value` (searching without a field is not supported)",
    );
  }
  const tests = Object.entries(source).map(([key, value]) => compileField(key, value, [...path, key]));
  if (tests.length === 0) throw new RuleProblem(path, "expected at least one `field: value`");
  return tests.length === 1 && tests[0] !== undefined ? tests[0] : allOf(tests);
}

function compileField(key: string, value: unknown, path: readonly PropertyKey[]): Selection {
  const [field = "", ...modifiers] = key.split("|");
  if (!isField(field)) {
    throw new RuleProblem(
      path,
      `expected a field such as tool, server, args.path or effect, found \`${field}\``,
    );
  }
  checkNames(field, modifiers, value, path);
  const test = compileTest(modifiers, value, path);
  const read = fieldReader(field);
  // A result can only show what was read, so the acting effects are known from the start.
  const readEffect = field === "effect" && JSON.stringify(value).includes("reads_");
  return {
    matches: (view) => test(read(view)),
    fields: new Set([field]),
    atEnd: isKnownOnlyAtEnd(field) || readEffect,
  };
}

/** A misspelt effect or class would never match and never be noticed. */
function checkNames(
  field: string,
  modifiers: readonly string[],
  value: unknown,
  path: readonly PropertyKey[],
): void {
  const known: readonly string[] | null =
    field === "effect" ? EFFECTS : field === "tool.class" ? TOOL_CLASSES : null;
  if (known === null || modifiers.some((modifier) => modifier !== "all")) return;
  for (const name of Array.isArray(value) ? value : [value]) {
    if (name !== null && !known.includes(String(name))) {
      throw new RuleProblem(path, `expected one of ${known.join(", ")}, found \`${String(name)}\``);
    }
  }
}
