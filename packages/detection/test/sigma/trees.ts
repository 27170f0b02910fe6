import { type Condition, parseCondition } from "../../src/rule/condition-parser.ts";
import type { Correlation } from "../../src/rule/correlation-schema.ts";
import { fieldItem } from "../../src/rule/field-item.ts";
import { readDrafts } from "../../src/rule/rule-draft.ts";
import { referencesOf } from "../../src/rule/rule-references.ts";
import type { SigmaValue } from "../../src/rule/sigma-value.ts";
import { MANY } from "../../src/rule/text-pattern.ts";

/** What we read in a rule file, in the form in which `pysigma_trees.py` tells what pySigma reads. */
export function documentsOf(file: string, text: string): unknown[] {
  const { drafts, problems } = readDrafts({ file, text });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const nameOf = (reference: string): string | undefined =>
    drafts.find((draft) => draft.isCalled(reference))?.document.definition.name;
  const silent = new Set(
    drafts.flatMap(({ document }) =>
      document.kind === "correlation" && !document.generate
        ? referencesOf(document.definition.correlation).map(nameOf)
        : [],
    ),
  );
  return drafts.map(({ document }) => {
    const { title, name = null, id = "None" } = document.definition;
    const common = { title, name, id, alerts: !silent.has(name ?? undefined) };
    if (document.kind === "detection")
      return { ...common, conditions: conditionsOf(document.definition.detection) };
    const { correlation } = document.definition;
    return { ...common, ...correlationOf(correlation, nameOf) };
  });
}

function correlationOf(correlation: Correlation, nameOf: (reference: string) => string | undefined): object {
  const { type, timespan, aliases = {}, condition } = correlation;
  const groupBy = correlation["group-by"] ?? null;
  const rules = referencesOf(correlation);
  return {
    type,
    rules: rules.map(nameOf),
    group: typeof groupBy === "string" ? [groupBy] : groupBy,
    seconds: timespan / 1000,
    aliases,
    condition:
      typeof condition === "string"
        ? ruleTree(parseCondition(condition, rules, []))
        : boundsOf(condition ?? { gte: rules.length }),
  };
}

function boundsOf(condition: Exclude<Correlation["condition"], string | undefined>): object {
  const { field, percentile, ...bounds } = condition;
  const [[operator, count] = []] = Object.entries(bounds);
  return { operator, count, field: field ?? null, percentile: percentile ?? null };
}

function ruleTree(condition: Condition): unknown {
  switch (condition.kind) {
    case "name":
      return { rule: condition.name };
    case "not":
      return { not: ruleTree(condition.term) };
    case "of":
      throw new Error("no rules have patterns");
    default:
      return { [condition.kind]: condition.terms.map(ruleTree) };
  }
}

function conditionsOf({ condition, ...sources }: Readonly<Record<string, unknown>>): unknown[] {
  const conditions: unknown[] = Array.isArray(condition) ? condition : [condition];
  return conditions.map((text) => tree(parseCondition(String(text), Object.keys(sources), []), sources));
}

function tree(condition: Condition, sources: Readonly<Record<string, unknown>>): unknown {
  switch (condition.kind) {
    case "name":
      return selection(sources[condition.name]);
    case "not":
      return { not: tree(condition.term, sources) };
    case "of": {
      const operator = condition.count === condition.names.length ? "and" : "or";
      return joined(
        operator,
        condition.names.map((name) => selection(sources[name])),
      );
    }
    default:
      return joined(
        condition.kind,
        condition.terms.map((term) => tree(term, sources)),
      );
  }
}

function joined(operator: "and" | "or", terms: readonly unknown[]): unknown {
  return terms.length === 1 ? terms[0] : { [operator]: terms };
}

function selection(source: unknown): unknown {
  if (Array.isArray(source)) {
    const plain = source.every((member) => member === null || typeof member !== "object");
    return plain ? item("", source) : joined("or", source.map(selection));
  }
  if (source === null || typeof source !== "object") return item("", source);
  return joined(
    "and",
    Object.entries(source).map(([key, value]) => item(key, value)),
  );
}

function item(key: string, source: unknown): unknown {
  const { field, linking, negated, values } = fieldItem(key, source, []);
  const terms = values.map((value) => ({ field, value: shown(value) }));
  const positive = joined(linking === "all" ? "and" : "or", terms);
  return negated ? { not: positive } : positive;
}

function shown(value: SigmaValue): unknown {
  switch (value.kind) {
    case "text":
      return {
        text: value.pattern.map((part) =>
          typeof part === "string" ? part : { wildcard: part === MANY ? "*" : "?" },
        ),
        cased: value.cased,
      };
    case "number":
      return { number: value.number };
    case "boolean":
      return { boolean: value.boolean };
    case "null":
      return { null: true };
    case "regex": {
      const { ignoreCase, multiline, dotAll } = value.flags;
      const flags = [dotAll ? "DOTALL" : "", ignoreCase ? "IGNORECASE" : "", multiline ? "MULTILINE" : ""];
      return { regex: value.source, flags: flags.filter((flag) => flag !== "") };
    }
    case "network":
      return { network: value.network };
    case "comparison": {
      const { comparison, number, part } = value;
      return { compare: comparison, number, ...(part === null ? {} : { part }) };
    }
    case "time":
      return { part: value.part, number: value.number };
    case "exists":
      return { exists: value.exists };
    case "field":
      return { other: value.field, starts: value.startsWith, ends: value.endsWith };
    case "alternatives":
      return { any: value.values.map(shown) };
  }
}
