import { changedKind } from "./changed.ts";
import { newValueKind } from "./new-value.ts";
import { sequenceKind } from "./sequence.ts";
import { trifectaKind } from "./trifecta.ts";

/**
 * What Sigma cannot say: each kind of rule by its key below `tripline`. A kind is one file: the schema of its key, and
 * the evaluation that it becomes.
 */
export const KINDS = {
  changed: changedKind.optional(),
  new_value: newValueKind.optional(),
  sequence: sequenceKind.optional(),
  trifecta: trifectaKind.optional(),
};
