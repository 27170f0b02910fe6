import type { Evaluation } from "./evaluation.ts";
import type { RuleDefinition } from "./rule-definition.ts";

/** A rule, read and compiled. */
export interface Rule {
  /** Its `name`, or where it has none its `id`: what alerts, configuration and revocations call it. */
  readonly id: string;
  readonly file: string;
  /** SHA-256 (hex) of the file's text. */
  readonly hash: string;
  readonly definition: RuleDefinition;
  /** `match`, the type of its correlation, or the kind's key below `tripline`. */
  readonly kind: string;
  readonly evaluation: Evaluation;
  /** 1: all of a group's records lie in one partition of the events. 2: they do not, see `splitRules`. */
  readonly stage: 1 | 2;
}
