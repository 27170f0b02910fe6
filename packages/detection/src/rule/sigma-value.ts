import type { TextPattern } from "./text-pattern.ts";

export const COMPARISONS = ["gt", "gte", "lt", "lte"] as const;
export type Comparison = (typeof COMPARISONS)[number];

export const TIME_PARTS = ["minute", "hour", "day", "week", "month", "year"] as const;
export type TimePart = (typeof TIME_PARTS)[number];

/** One value of a detection, after its modifiers were applied. */
export type SigmaValue =
  | { readonly kind: "text"; readonly pattern: TextPattern; readonly cased: boolean }
  | { readonly kind: "number"; readonly number: number }
  | { readonly kind: "boolean"; readonly boolean: boolean }
  | { readonly kind: "null" }
  | { readonly kind: "regex"; readonly source: string; readonly flags: RegexFlags; readonly anchor: Anchor }
  | { readonly kind: "network"; readonly network: string }
  | {
      readonly kind: "comparison";
      readonly comparison: Comparison;
      readonly number: number;
      readonly part: TimePart | null;
    }
  | { readonly kind: "time"; readonly part: TimePart; readonly number: number }
  | { readonly kind: "exists"; readonly exists: boolean }
  | {
      readonly kind: "field";
      readonly field: string;
      readonly startsWith: boolean;
      readonly endsWith: boolean;
    }
  /** What one value expands to: any of these. */
  | { readonly kind: "alternatives"; readonly values: readonly SigmaValue[] };

export interface RegexFlags {
  /** `i`: case does not matter. */
  readonly ignoreCase: boolean;
  /** `m`: `^` and `$` match at lines. */
  readonly multiline: boolean;
  /** `s`: `.` matches line ends. */
  readonly dotAll: boolean;
}

/** Whether an expression must match at the beginning or the end of the text. */
export interface Anchor {
  readonly start: boolean;
  readonly end: boolean;
}
