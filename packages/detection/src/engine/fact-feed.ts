import { eventKey, type TriplineRecord } from "@tripline/events";
import { z } from "zod";
import { definitionsIn } from "../evaluators/changed.ts";
import { isDue } from "../evaluators/evaluator.ts";
import { fieldReader } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import type { Rule } from "../rule/rule.ts";
import type { StateTable } from "../state/state-table.ts";
import type { StateTables } from "../state/state-tables.ts";
import { shortKey } from "../text/short-key.ts";
import { groupOf } from "./group.ts";

/** A fact without where it came from, which only the caller knows. */
export interface FactDraft {
  /** The group's values, for `factKey`. */
  value: string;
  group: string;
  rules: string[];
  record: TriplineRecord;
}

const REPEAT_MS = 10 * 60_000; // what a second-stage rule was told already, it is told again after so long
const MAX_TOLD = 200_000; // values as each credential has them; one that is forgotten is told again
const PAYLOAD_FIELDS = /^(?:args|result|error)(?:\.|$)/;

const toldState = z.tuple([z.string(), z.number()]);

/** Chooses what the second stage must see of a record: only what one of its rules would judge, each thing once in a while. */
export class FactFeed {
  readonly #rules: readonly Rule[];
  readonly #told: StateTable<[string, number]>;

  constructor(rules: readonly Rule[], tables: StateTables) {
    this.#rules = rules;
    this.#told = tables.table<[string, number]>(
      "told",
      { encode: (told) => told, decode: (json) => toldState.parse(json) },
      { limit: MAX_TOLD, what: "told" },
    );
  }

  factsOf(view: RecordView): FactDraft[] {
    const drafts = new Map<string, FactDraft>();
    for (const rule of this.#rules) {
      if (!isWanted(rule, view)) continue;
      const group = groupOf(view, rule.groupBy);
      if (group === null || this.#wasTold(rule, group.key, view)) continue;
      const draft = drafts.get(group.label);
      const whole = needsPayload(rule);
      if (draft === undefined) {
        drafts.set(group.label, {
          value: group.value,
          group: group.label,
          rules: [rule.id],
          record: whole ? joined(view) : { envelope: view.record.envelope },
        });
      } else {
        draft.rules.push(rule.id);
        if (whole) draft.record = joined(view);
      }
    }
    return [...drafts.values()];
  }

  /**
   * Rules about what is new or has changed need each value once, not each call. Once for each key of the events topic, or
   * what is told would depend on who shares a partition; and again where a record turns up that happened before the one
   * that was told, for the second stage judges in the order in which things happened.
   */
  #wasTold(rule: Rule, group: string, view: RecordView): boolean {
    const value = oneTimeValue(rule, view);
    if (value === null) return false;
    const key = `${rule.id} ${eventKey(view.record.envelope)} ${group} ${shortKey(value.key)}`;
    const now = shortKey(value.value);
    const told = this.#told.peek(key);
    const since = told === undefined ? 0 : view.time - told[1];
    if (told !== undefined && told[0] === now && since > 0 && since < REPEAT_MS) return true;
    this.#told.set(key, [now, view.time]);
    return false;
  }
}

function isWanted(rule: Rule, view: RecordView): boolean {
  if (!matchesLogsource(rule, view)) return false;
  if (rule.kind === "changed")
    return view.phase !== "end" && definitionsIn(view).length > 0 && rule.selection.matches(view);
  return isDue(view, rule.selection) && rule.selection.matches(view);
}

export function matchesLogsource(rule: Rule, view: RecordView): boolean {
  const { category } = rule.definition.logsource;
  const listing = view.phase === "other";
  return category === "agent_tool_any" || (category === "agent_tool_listing") === listing;
}

function oneTimeValue(rule: Rule, view: RecordView): { key: string; value: string } | null {
  if (rule.kind === "changed") {
    const definitions = definitionsIn(view);
    return {
      key: definitions.map(([tool]) => tool).join("\n"),
      value: definitions.map(([, hash]) => hash).join("\n"),
    };
  }
  const field = rule.definition.tripline.new_value?.field;
  return field === undefined ? null : { key: JSON.stringify(fieldReader(field)(view)), value: "" };
}

function needsPayload(rule: Rule): boolean {
  const { correlation, tripline } = rule.definition;
  const names = [
    ...rule.selection.fields,
    ...rule.groupBy,
    tripline.new_value?.field ?? "",
    correlation?.type === "value_count" ? correlation.condition.field : "",
  ];
  return (
    rule.kind === "sequence" ||
    rule.kind === "trifecta" ||
    names.some((name) => PAYLOAD_FIELDS.test(name) || name === "args_digest" || name === "effect")
  );
}

/** The record with the arguments that only its intent had. */
function joined(view: RecordView): TriplineRecord {
  const { envelope, payload } = view.record;
  if (payload === undefined || payload.args !== undefined || view.rawArgs === undefined) return view.record;
  const digest = view.argsDigest;
  return {
    envelope,
    payload: { ...payload, args: view.rawArgs, ...(digest === null ? {} : { args_digest: digest }) },
  };
}
