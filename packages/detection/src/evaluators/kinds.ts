import { budgetKind } from "./budget.ts";
import { callLimitKind } from "./call-limit.ts";
import { canaryKind } from "./canary.ts";
import { changedKind } from "./changed.ts";
import { judgeKind } from "./judge.ts";
import { lookalikeKind } from "./lookalike.ts";
import { newValueKind } from "./new-value.ts";
import { poisoningKind } from "./poisoning.ts";
import { sequenceKind } from "./sequence.ts";
import { shadowedKind } from "./shadowed.ts";
import { spikeKind } from "./spike.ts";
import { trifectaKind } from "./trifecta.ts";
import { unusedKind } from "./unused.ts";

/**
 * What Sigma cannot say: each kind of rule by its key below `tripline`. A kind is one file: the schema of its key, and
 * the evaluation that it becomes.
 */
export const KINDS = {
  budget: budgetKind.optional(),
  canary: canaryKind.optional(),
  call_limit: callLimitKind.optional(),
  changed: changedKind.optional(),
  judge: judgeKind.optional(),
  lookalike: lookalikeKind.optional(),
  new_value: newValueKind.optional(),
  poisoning: poisoningKind.optional(),
  sequence: sequenceKind.optional(),
  shadowed: shadowedKind.optional(),
  spike: spikeKind.optional(),
  trifecta: trifectaKind.optional(),
  unused: unusedKind.optional(),
};
