import type { Severity } from "@tripline/events";
import type { RecordView } from "../record/record-view.ts";
import type { Evaluation } from "./evaluation.ts";
import type { RuleDefinition } from "./rule-definition.ts";

/** A rule, read and compiled. */
export interface Rule {
  /** Its `name`, or where it has none its `id`: what alerts, configuration and revocations call it. */
  readonly id: string;
  readonly file: string;
  /** SHA-256 (hex) of the file's text; of a correlation of other files' rules, of those texts too. */
  readonly hash: string;
  readonly definition: RuleDefinition;
  /** `match`, the type of its correlation, or the kind's key below `tripline`. */
  readonly kind: string;
  readonly evaluation: Evaluation;
  /** 1: all of a group's records lie in one partition of the events. 2: they do not, see `splitRules`. */
  readonly stage: 1 | 2;
  /** In a set of rules that changes: the number of the set that this version came with. Its state is kept under it. */
  readonly since?: number;
  /** What the operator's settings make of its findings. */
  readonly adjusted?: Adjustment;
}

export interface Adjustment {
  /** In place of the severities that the rule itself gives. */
  readonly level?: Severity | undefined;
  /** Whether the settings except what this record completes. */
  isExcepted(view: RecordView): boolean;
}

/** Names this version of a rule in state: a version that is replaced and comes back later begins anew. */
export function versionKey({ id, hash, since }: Pick<Rule, "id" | "hash" | "since">): string {
  return since === undefined ? `${id}/${hash}` : `${id}/${hash}@${since}`;
}
