import type { RuleFile } from "./rule-file.ts";
import type { Selection } from "./selection.ts";

export const RULE_KINDS = [
  "match",
  "event_count",
  "value_count",
  "sequence",
  "new_value",
  "changed",
  "trifecta",
] as const;
export type RuleKind = (typeof RULE_KINDS)[number];

/** A rule, read and compiled. */
export interface Rule {
  readonly id: string;
  readonly file: string;
  /** SHA-256 (hex) of the file's text. */
  readonly hash: string;
  readonly definition: RuleFile;
  readonly kind: RuleKind;
  /** What `detection.condition` says; for a sequence any of its steps. */
  readonly selection: Selection;
  /** Of a sequence; else empty. */
  readonly steps: readonly { readonly name: string; readonly selection: Selection }[];
  /** Fields whose values name the group that the rule looks at together. */
  readonly groupBy: readonly string[];
  /** 1: all of a group's records lie in one partition of the events. 2: they do not, see `splitRules`. */
  readonly stage: 1 | 2;
}
