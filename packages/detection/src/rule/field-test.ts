import { RE2JS } from "re2js";
import type { FieldValue } from "../record/fields.ts";
import { cidrTest } from "./cidr.ts";
import { RuleProblem } from "./rule-problem.ts";
import { wildcardTest } from "./wildcard.ts";

type Path = readonly PropertyKey[];
type FieldTest = (value: FieldValue) => boolean;
type TextTest = (text: string) => boolean;

const COMPARE = ["gt", "gte", "lt", "lte"] as const;
const TEXT = ["contains", "startswith", "endswith", "re", "cidr"] as const;
const FLAGS = ["all", "cased", "i"] as const;
const KNOWN: readonly string[] = [...COMPARE, ...TEXT, ...FLAGS, "exists"];

const MAX_TEXT_CHARS = 64 * 1024; // of one value that is searched; the capture cuts earlier by default
const MAX_PATTERN_CHARS = 2000;

/** Compiles the modifiers and values of one `field|modifier…: value`. Text is compared without regard to case, as in Sigma. */
export function compileTest(modifiers: readonly string[], value: unknown, path: Path): FieldTest {
  const unknown = modifiers.find((modifier) => !KNOWN.includes(modifier));
  if (unknown !== undefined) {
    throw new RuleProblem(path, `expected a modifier of ${KNOWN.join(", ")}, found \`${unknown}\``);
  }
  const kinds = modifiers.filter((modifier) => !FLAGS.some((flag) => flag === modifier));
  if (kinds.length > 1)
    throw new RuleProblem(path, `expected one of the modifiers ${kinds.join(", ")}, not several`);
  const kind = kinds[0];
  if (kind === "exists") return existsTest(value, path);
  if (value === null) return (found) => found === undefined;
  const compare = COMPARE.find((name) => name === kind);
  if (compare !== undefined) return compareTest(compare, value, path);
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0) throw new RuleProblem(path, "expected at least one value");
  const tests = values.map((each) => textTest(kind, scalar(each, path), modifiers, path));
  const holds = (test: TextTest) => (found: FieldValue) => someText(found, test);
  const fieldTests = tests.map(holds);
  return modifiers.includes("all")
    ? (found) => fieldTests.every((test) => test(found))
    : (found) => fieldTests.some((test) => test(found));
}

function existsTest(value: unknown, path: Path): FieldTest {
  if (typeof value !== "boolean") throw new RuleProblem(path, "expected true or false");
  return (found) => (found !== undefined) === value;
}

function compareTest(compare: (typeof COMPARE)[number], value: unknown, path: Path): FieldTest {
  if (typeof value !== "number") throw new RuleProblem(path, "expected a number");
  return (found) => {
    const number = typeof found === "number" ? found : typeof found === "string" ? Number(found) : Number.NaN;
    if (compare === "gt") return number > value;
    if (compare === "gte") return number >= value;
    return compare === "lt" ? number < value : number <= value;
  };
}

function scalar(value: unknown, path: Path): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new RuleProblem(path, "expected a text, a number, true, false, or a list of them");
}

function textTest(
  kind: string | undefined,
  value: string,
  modifiers: readonly string[],
  path: Path,
): TextTest {
  if (value.length > MAX_PATTERN_CHARS)
    throw new RuleProblem(path, `expected at most ${MAX_PATTERN_CHARS} characters`);
  if (kind === "re") return regexTest(value, modifiers.includes("i"), path);
  if (kind === "cidr") return cidrTest(value, path);
  const before = kind === "contains" || kind === "endswith" ? "*" : "";
  const after = kind === "contains" || kind === "startswith" ? "*" : "";
  return wildcardTest(before, value, after, modifiers.includes("cased"));
}

function regexTest(pattern: string, ignoreCase: boolean, path: Path): TextTest {
  try {
    const compiled = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    return (text) => compiled.test(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RuleProblem(path, `expected a regular expression that RE2 accepts: ${reason}`);
  }
}

function someText(found: FieldValue, test: TextTest): boolean {
  if (found === undefined) return false;
  if (typeof found === "string") return test(bounded(found));
  if (typeof found === "object") return found.some((each) => test(bounded(each)));
  return test(String(found));
}

function bounded(text: string): string {
  return text.length > MAX_TEXT_CHARS ? text.slice(0, MAX_TEXT_CHARS) : text;
}
