import type { Alert } from "@tripline/events";
import type { Phase } from "../record/record-view.ts";

/** Why a rule did, or did not, find something in one record. All texts of the record in it are captured, and untrusted. */
export interface Explanation {
  record: { id: string; type: string; time: string; server?: string; tool?: string; outcome?: string };
  /** Which part of its call the record shows. */
  phase: Phase;
  /** In one sentence. */
  verdict: string;
  /** False: the rule is not asked about this record at all; `notAsked` says why. */
  asked: boolean;
  notAsked: string | null;
  conditions: ExplainedCondition[];
  groups: ExplainedGroup[];
  /** What the rule remembers of the record's groups, before and after it. */
  before: string[];
  after: string[];
  alerts: Alert[];
  /** Found, and not told: its group had an alert of this severity just before. */
  quieted: boolean;
  /** Found, and excepted by the operator's settings. */
  excepted: boolean;
}

/** A condition, or a part of one. */
export interface ExplainedCondition {
  /** `condition`, a step's name, a selection's name, `and`, `not` … */
  label: string;
  holds: boolean;
  terms: ExplainedCondition[];
  /** Of a selection: its tests. */
  tests: ExplainedTest[];
}

/** One `field|modifier: value`. */
export interface ExplainedTest {
  field: string;
  wanted: string;
  /** What the record has: each value cut and made harmless to show; null: it has none. */
  found: string[] | null;
  /** How many more values there are. */
  more: number;
  holds: boolean;
}

export interface ExplainedGroup {
  /** The fields that make it. */
  by: string[];
  /** Null where the record lacks one of them; then it is not counted. */
  label: string | null;
  missing: string[];
}
