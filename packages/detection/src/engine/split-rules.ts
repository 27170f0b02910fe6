import type { Rule } from "../rule/rule.ts";

/**
 * Rules of the first stage look at groups whose records all lie in one partition of the events (credential, session,
 * and what is named beside them) and run over the events. All others (server, tenant, principal …) run over the facts,
 * which the first stage writes keyed by their group.
 */
export function splitRules(rules: readonly Rule[]): { first: Rule[]; second: Rule[] } {
  return {
    first: rules.filter(({ stage }) => stage === 1),
    second: rules.filter(({ stage }) => stage === 2),
  };
}
