import { type Condition, parseCondition } from "./condition-parser.ts";
import { oncePerRecord } from "./once-per-record.ts";
import { RuleProblem } from "./rule-problem.ts";
import { allOf, anyOf, not, type Selection, someOf } from "./selection-logic.ts";

export { allOf, anyOf } from "./selection-logic.ts";

/** Compiles a condition over selections, see `parseCondition`. @throws RuleProblem that names what was expected */
export function compileCondition(
  condition: string,
  selections: ReadonlyMap<string, Selection>,
  path: readonly PropertyKey[],
): Selection {
  return oncePerRecord(compile(parseCondition(condition, [...selections.keys()], path), selections, path));
}

function compile(
  condition: Condition,
  selections: ReadonlyMap<string, Selection>,
  path: readonly PropertyKey[],
): Selection {
  const named = (name: string): Selection => {
    const selection = selections.get(name);
    if (selection === undefined) throw new RuleProblem(path, `expected a selection, found \`${name}\``);
    return selection;
  };
  switch (condition.kind) {
    case "name":
      return named(condition.name);
    case "not":
      return not(compile(condition.term, selections, path));
    case "and":
      return allOf(condition.terms.map((term) => compile(term, selections, path)));
    case "or":
      return anyOf(condition.terms.map((term) => compile(term, selections, path)));
    case "of":
      return someOf(condition.names.map(named), condition.count);
  }
}
