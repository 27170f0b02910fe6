import { type Envelope, eventKey, type TriplineRecord } from "@tripline/events";
import { z } from "zod";
import { isDue } from "../evaluators/evaluator.ts";
import { needsPayload as isFromPayload } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import type { Rule } from "../rule/rule.ts";
import type { StateTable } from "../state/state-table.ts";
import type { StateTables } from "../state/state-tables.ts";
import { shortKey } from "../text/short-key.ts";
import { Dispatch, type Listener } from "./dispatch.ts";
import { groupOf } from "./group.ts";
import { matchesLogsource } from "./logsource.ts";

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
const PAYLOAD_FIELDS = /^(?:args|result|error)(?:\.|$)|^(?:args_digest|effect|destination)$/;

const toldState = z.tuple([z.string(), z.number()]);

/** Chooses what the second stage must see of a record: only what one of its rules would judge, each thing once in a while. */
export class FactFeed {
  readonly #dispatch: Dispatch<Listener>;
  readonly #told: StateTable<[string, number]>;

  /** @param keyedFields as the views of records have them */
  constructor(rules: readonly Rule[], tables: StateTables, keyedFields: ReadonlySet<string>) {
    this.#dispatch = new Dispatch(
      rules.map((rule) => ({ rule, concerns: (view) => isWanted(rule, view) })),
      keyedFields,
    );
    this.#told = tables.table<[string, number]>(
      "told",
      { encode: (told) => told, decode: (json) => toldState.parse(json) },
      { limit: MAX_TOLD, what: "told" },
    );
  }

  factsOf(view: RecordView, envelope: Envelope): FactDraft[] {
    const wanted = this.#dispatch.concernedBy(view, envelope);
    if (wanted.length === 0) return [];
    const drafts = new Map<string, FactDraft>();
    for (const { rule } of wanted) {
      const group = groupOf(view, rule.evaluation.groupBy);
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
    const value = rule.evaluation.once?.(view) ?? null;
    if (value === null) return false;
    const key = `${rule.id}@${rule.since ?? 0} ${eventKey(view.record.envelope)} ${group} ${shortKey(value.key)}`;
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
  const { selection, concerns } = rule.evaluation;
  return concerns === undefined ? isDue(view, selection) && selection.matches(view) : concerns(view);
}

function needsPayload({ evaluation }: Rule): boolean {
  const names = [...evaluation.selection.fields, ...evaluation.groupBy, ...evaluation.fields];
  return evaluation.readsPayload || names.some((name) => PAYLOAD_FIELDS.test(name) || isFromPayload(name));
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
