import { RuleProblem } from "./rule-problem.ts";
import { suggestion } from "./suggestion.ts";

/** A condition as a tree. */
export type Condition =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "not"; readonly term: Condition }
  | { readonly kind: "and" | "or"; readonly terms: readonly Condition[] }
  /** `count` of the named ones hold. */
  | { readonly kind: "of"; readonly count: number; readonly names: readonly string[] };

const TOKEN = /\s*(\(|\)|[A-Za-z0-9_*-]+)/y;
const MAX_DEPTH = 32;
const MAX_TOKENS = 1000;
const OPERATORS = ["and", "or", "not"];

/**
 * Reads a Sigma condition: `and`, `or`, `not`, parentheses, `1 of name*`, `any of`, `all of`, `N of`, `them`. A pattern
 * may have `*` anywhere. Names that begin with `_` are only meant by patterns that do.
 * @throws RuleProblem that names what was expected
 */
export function parseCondition(
  condition: string,
  names: readonly string[],
  path: readonly PropertyKey[],
): Condition {
  const tokens = tokenise(condition, path);
  let at = 0;

  function fail(expected: string): never {
    const found = tokens[at];
    const upper =
      found !== undefined && OPERATORS.includes(found.toLowerCase()) && !OPERATORS.includes(found);
    const hint = upper ? " (operators are written in lower case)" : suggestion(found ?? "", names);
    throw new RuleProblem(
      path,
      `expected ${expected}, found ${found === undefined ? "the end" : `\`${found}\`${hint}`}`,
    );
  }
  function take(word: string): boolean {
    if (tokens[at] !== word) return false;
    at += 1;
    return true;
  }
  function either(depth: number): Condition {
    const terms = [both(depth)];
    while (take("or")) terms.push(both(depth));
    return joined("or", terms);
  }
  function both(depth: number): Condition {
    const terms = [unary(depth)];
    while (take("and")) terms.push(unary(depth));
    return joined("and", terms);
  }
  function unary(depth: number): Condition {
    if (depth > MAX_DEPTH) throw new RuleProblem(path, `expected at most ${MAX_DEPTH} nested terms`);
    if (take("not")) return { kind: "not", term: unary(depth + 1) };
    if (take("(")) {
      const inner = either(depth + 1);
      if (!take(")")) fail("`and`, `or` or `)`");
      return inner;
    }
    const word = tokens[at];
    if (
      word !== undefined &&
      tokens[at + 1] === "of" &&
      (word === "all" || word === "any" || /^\d+$/.test(word))
    ) {
      at += 2;
      const meant = matching();
      const count = word === "all" ? meant.length : word === "any" ? 1 : Number(word);
      if (count < 1 || count > meant.length)
        throw new RuleProblem(
          path,
          `expected a number between 1 and ${meant.length} before \`of\`, found \`${word}\``,
        );
      return { kind: "of", count, names: meant };
    }
    if (word === undefined || !names.includes(word)) fail(`one of the selections (${names.join(", ")})`);
    at += 1;
    return { kind: "name", name: word };
  }
  function matching(): string[] {
    const pattern = tokens[at] ?? fail("`them`, a selection's name, or a pattern such as `filter_*`");
    const meant = names.filter((name) =>
      name.startsWith("_") && !pattern.startsWith("_") ? false : pattern === "them" || fits(pattern, name),
    );
    if (meant.length === 0) fail("`them`, the name of a selection, or a pattern with `*` that one fits");
    at += 1;
    return meant;
  }

  if (tokens.length === 0) fail(`one of the selections (${names.join(", ")})`);
  const whole = either(0);
  if (at < tokens.length) fail("`and`, `or` or the end");
  return whole;
}

function joined(kind: "and" | "or", terms: readonly Condition[]): Condition {
  const [only] = terms;
  return terms.length === 1 && only !== undefined ? only : { kind, terms };
}

/** Whether a name fits a pattern with `*`; case matters. */
function fits(pattern: string, name: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  if (others.length === 0) return name === pattern;
  if (!name.startsWith(first)) return false;
  const last = others.pop() ?? "";
  let at = first.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

function tokenise(condition: string, path: readonly PropertyKey[]): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  let end = 0;
  for (let match = TOKEN.exec(condition); match !== null; match = TOKEN.exec(condition)) {
    end = TOKEN.lastIndex;
    if (match[1] !== undefined) tokens.push(match[1]);
    if (tokens.length > MAX_TOKENS) throw new RuleProblem(path, `expected at most ${MAX_TOKENS} words`);
  }
  const rest = condition.slice(end).trim();
  if (rest.startsWith("|"))
    throw new RuleProblem(path, "expected no `|`: what counts stands in a Sigma correlation of its own");
  if (rest !== "") {
    throw new RuleProblem(
      path,
      `expected a name, \`and\`, \`or\`, \`not\` or a parenthesis, found \`${rest.slice(0, 40)}\``,
    );
  }
  return tokens;
}
