import { type Condition, parseCondition } from "./condition-parser.ts";
import { RuleProblem } from "./rule-problem.ts";

const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_-]*/g;
const WORDS = ["and", "or", "not"];

/** A condition over the rules of a temporal correlation: `read and send and not review`. */
export interface ExtendedCondition {
  /** The rules that it names, in order. */
  readonly names: readonly string[];
  /** Given which of `names` have occurred. */
  holds(occurred: (name: string) => boolean): boolean;
  /** Those that must have occurred, where it is nothing but `and` and `and not`; else null. */
  readonly together: readonly string[] | null;
}

/** @param rules the correlation's own list; null where it has none and the condition names them. @throws RuleProblem */
export function extendedCondition(
  text: string,
  rules: readonly string[] | null,
  path: readonly PropertyKey[],
): ExtendedCondition {
  const words = [...new Set(text.match(IDENTIFIER) ?? [])].filter((word) => !WORDS.includes(word));
  const names = rules ?? words;
  const tree = parseCondition(text, names, path);
  const unused = names.find((name) => !words.includes(name));
  if (unused !== undefined)
    throw new RuleProblem(path, `expected all rules to be named, \`${unused}\` is not`);
  const holds = compile(tree, path);
  if (holds(() => false))
    throw new RuleProblem(path, "expected something that must occur: this holds when nothing has");
  return { names, holds, together: togetherIn(tree) };
}

function compile(tree: Condition, path: readonly PropertyKey[]): ExtendedCondition["holds"] {
  switch (tree.kind) {
    case "name":
      return (occurred) => occurred(tree.name);
    case "not": {
      const term = compile(tree.term, path);
      return (occurred) => !term(occurred);
    }
    case "of":
      throw new RuleProblem(path, "expected names of rules with `and`, `or` and `not`");
    default: {
      const terms = tree.terms.map((term) => compile(term, path));
      return tree.kind === "and"
        ? (occurred) => terms.every((term) => term(occurred))
        : (occurred) => terms.some((term) => term(occurred));
    }
  }
}

function togetherIn(tree: Condition): string[] | null {
  if (tree.kind === "name") return [tree.name];
  if (tree.kind === "not" && tree.term.kind === "name") return [];
  if (tree.kind !== "and") return null;
  const names: string[] = [];
  for (const term of tree.terms) {
    const own = togetherIn(term);
    if (own === null) return null;
    names.push(...own);
  }
  return names;
}
