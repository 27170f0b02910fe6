import { type FieldValue, fieldReader, isField } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import { type Condition, parseCondition } from "../rule/condition-parser.ts";
import { conditionsOf, isRecord, type RawDocument, selectionsOf } from "../rule/raw-documents.ts";
import { compileSelection } from "../rule/selection.ts";
import { plain } from "../text/plain.ts";
import type { ExplainedCondition, ExplainedTest } from "./explanation.ts";

const MAX_VALUE_CHARS = 160; // of one value that is shown
const MAX_VALUES = 5; // of one field
const MAX_WANTED_CHARS = 300;

type Explain = (view: RecordView) => ExplainedCondition;

/** Compiles a document's conditions once more, so that each part can say for itself whether it holds. */
export function conditionExplainers(document: RawDocument): Explain[] {
  const selections = new Map(
    selectionsOf(document).map(([name, source]) => [name, selectionExplainer(name, source)]),
  );
  return conditionsOf(document).map(({ name, text, path }) => {
    const tree = parseCondition(text, [...selections.keys()], path);
    return (view) => ({ ...explained(tree, selections, view), label: `${name}: ${text}` });
  });
}

function explained(
  condition: Condition,
  selections: ReadonlyMap<string, Explain>,
  view: RecordView,
): ExplainedCondition {
  const of = (each: Condition) => explained(each, selections, view);
  const named = (name: string): ExplainedCondition =>
    selections.get(name)?.(view) ?? { label: name, holds: false, terms: [], tests: [] };
  switch (condition.kind) {
    case "name":
      return { label: condition.name, ...holding([named(condition.name)], 1) };
    case "not": {
      const term = of(condition.term);
      return { label: "not", holds: !term.holds, terms: [term], tests: [] };
    }
    case "and":
      return { label: "and", ...holding(condition.terms.map(of), condition.terms.length) };
    case "or":
      return { label: "or", ...holding(condition.terms.map(of), 1) };
    case "of":
      return {
        label: `${condition.count} of ${condition.names.join(", ")}`,
        ...holding(condition.names.map(named), condition.count),
      };
  }
}

function holding(terms: ExplainedCondition[], count: number): Omit<ExplainedCondition, "label"> {
  return { holds: terms.filter(({ holds }) => holds).length >= count, terms, tests: [] };
}

function selectionExplainer(name: string, source: unknown): Explain {
  const whole = compileSelection(source, ["detection", name]);
  const members = [source].flat();
  const several = Array.isArray(source) && members.some(isRecord);
  const explainers = members.map((each) => testsOf(each, name));
  return (view) => {
    const groups = explainers.map((tests) => tests.map((test) => test(view)));
    const terms = several
      ? groups.map((tests, index) => ({
          label: `${name}[${index}]`,
          holds: tests.every(({ holds }) => holds),
          terms: [],
          tests,
        }))
      : [];
    return { label: name, holds: whole.matches(view), terms, tests: several ? [] : groups.flat() };
  };
}

function testsOf(source: unknown, name: string): ((view: RecordView) => ExplainedTest)[] {
  if (!isRecord(source))
    return [testOf("any field", source, compileSelection(source, ["detection", name]), null)];
  return Object.entries(source).map(([key, value]) => {
    const [field = ""] = key.split("|");
    const reads = isField(field) ? fieldReader(field) : null;
    return testOf(key, value, compileSelection({ [key]: value }, ["detection", name]), reads);
  });
}

function testOf(
  field: string,
  wanted: unknown,
  selection: { matches(view: RecordView): boolean },
  read: ((view: RecordView) => FieldValue) | null,
): (view: RecordView) => ExplainedTest {
  const shownWanted = plain(JSON.stringify(wanted) ?? "null", MAX_WANTED_CHARS);
  return (view) => {
    const value = read?.(view);
    const values = value === undefined ? null : [value].flat().map(String);
    return {
      field,
      wanted: shownWanted,
      found: values === null ? null : values.slice(0, MAX_VALUES).map((each) => plain(each, MAX_VALUE_CHARS)),
      more: Math.max(0, (values?.length ?? 0) - MAX_VALUES),
      holds: selection.matches(view),
    };
  };
}
