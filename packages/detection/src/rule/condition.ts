import { RuleProblem } from "./rule-problem.ts";
import type { Selection } from "./selection.ts";

const TOKEN = /\s*(\(|\)|[A-Za-z0-9_*]+)/y;
const MAX_DEPTH = 32;

/**
 * Compiles a Sigma condition: `and`, `or`, `not`, parentheses, `1 of name*`, `all of name*`, `1 of them`, `all of them`.
 * @throws RuleProblem that names what was expected
 */
export function compileCondition(
  condition: string,
  selections: ReadonlyMap<string, Selection>,
  path: readonly PropertyKey[],
): Selection {
  const tokens = tokenise(condition, path);
  let at = 0;

  function fail(expected: string): never {
    const found = tokens[at];
    throw new RuleProblem(
      path,
      `expected ${expected}, found ${found === undefined ? "the end" : `\`${found}\``}`,
    );
  }
  function take(word: string): boolean {
    if (tokens[at]?.toLowerCase() !== word) return false;
    at += 1;
    return true;
  }
  function either(depth: number): Selection {
    let left = both(depth);
    while (take("or")) left = anyOf([left, both(depth)]);
    return left;
  }
  function both(depth: number): Selection {
    let left = unary(depth);
    while (take("and")) left = allOf([left, unary(depth)]);
    return left;
  }
  function unary(depth: number): Selection {
    if (depth > MAX_DEPTH) throw new RuleProblem(path, `expected at most ${MAX_DEPTH} nested terms`);
    if (take("not")) {
      const inner = unary(depth + 1);
      return { ...inner, matches: (view) => !inner.matches(view) };
    }
    if (take("(")) {
      const inner = either(depth + 1);
      if (!take(")")) fail("`)`");
      return inner;
    }
    const word = tokens[at];
    if ((word === "1" || word?.toLowerCase() === "all") && tokens[at + 1]?.toLowerCase() === "of") {
      at += 2;
      const several = matching();
      return word === "1" ? anyOf(several) : allOf(several);
    }
    const selection = word === undefined ? undefined : selections.get(word);
    if (selection === undefined) fail(`one of the selections (${[...selections.keys()].join(", ")})`);
    at += 1;
    return selection;
  }
  function matching(): Selection[] {
    const pattern = tokens[at] ?? fail("`them` or a selection's name");
    const wanted = pattern === "them" ? "*" : pattern;
    const found = [...selections].filter(([name]) =>
      wanted.endsWith("*") ? name.startsWith(wanted.slice(0, -1)) : name === wanted,
    );
    if (found.length === 0) fail("the name of a selection, or the beginning of one with `*`");
    at += 1;
    return found.map(([, selection]) => selection);
  }

  const whole = either(0);
  if (at < tokens.length) fail("`and`, `or` or the end");
  return whole;
}

function tokenise(condition: string, path: readonly PropertyKey[]): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  let end = 0;
  for (let match = TOKEN.exec(condition); match !== null; match = TOKEN.exec(condition)) {
    end = TOKEN.lastIndex;
    if (match[1] !== undefined) tokens.push(match[1]);
  }
  const rest = condition.slice(end).trim();
  if (rest !== "")
    throw new RuleProblem(
      path,
      `expected a name, \`and\`, \`or\`, \`not\` or a parenthesis, found \`${rest}\``,
    );
  return tokens;
}

export function anyOf(selections: readonly Selection[]): Selection {
  return {
    matches: (view) => selections.some((selection) => selection.matches(view)),
    fields: new Set(selections.flatMap((selection) => [...selection.fields])),
    atEnd: selections.some((selection) => selection.atEnd),
  };
}

export function allOf(selections: readonly Selection[]): Selection {
  return {
    matches: (view) => selections.every((selection) => selection.matches(view)),
    fields: new Set(selections.flatMap((selection) => [...selection.fields])),
    atEnd: selections.some((selection) => selection.atEnd),
  };
}
