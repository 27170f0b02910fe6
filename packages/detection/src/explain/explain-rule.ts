import { createDetection, type DetectionInput, type DetectionOptions } from "../engine/detection.ts";
import { groupOf } from "../engine/group.ts";
import { matchesLogsource } from "../engine/logsource.ts";
import { isDue } from "../evaluators/evaluator.ts";
import { fieldText } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import { rawDocuments } from "../rule/raw-documents.ts";
import type { Rule } from "../rule/rule.ts";
import { LOGSOURCES } from "../rule/rule-file.ts";
import { conditionExplainers } from "./explain-condition.ts";
import type { ExplainedGroup, Explanation } from "./explanation.ts";
import { rememberedLines } from "./remembered.ts";

/**
 * Judges the records in order by one rule, from an empty state, and explains those that are asked for.
 * @param text the rule's file
 * @param isAsked which records to explain; the others only build up what the rule remembers
 */
export function explainRule(
  rule: Rule,
  text: string,
  inputs: readonly DetectionInput[],
  isAsked: (id: string) => boolean,
  options: Pick<DetectionOptions, "internalHosts" | "isTrustedServer" | "manifest"> = {},
): Explanation[] {
  const explainers = rawDocuments(text).flatMap(conditionExplainers);
  let seen: RecordView | null = null;
  const detection = createDetection([rule], {
    ...options,
    incidents: null,
    tellAll: true,
    onView: (view) => {
      seen = view;
    },
  });
  const state = detection.initialState();
  const nothing = rule.kind === "sequence" ? "no beginning is remembered" : "nothing"; // such a group is not kept
  const explanations: Explanation[] = [];
  for (const input of inputs) {
    const { envelope } = input.record;
    if (!isAsked(envelope.id)) {
      detection.step(state, input);
      continue;
    }
    const before = rememberedLines(state.tables);
    const counts = detection.counts(state);
    seen = null;
    const { alerts } = detection.step(state, input);
    const view = viewIn(seen);
    const now = detection.counts(state);
    const after = rememberedLines(state.tables);
    const changed = [...after.keys()].filter((key) => before.get(key)?.join() !== after.get(key)?.join());
    const own = view === null ? undefined : groupOf(view, rule.evaluation.groupBy)?.key;
    const shown = [...new Set([...(own === undefined ? [] : [`own ${own}`]), ...changed])].filter(
      (key) => before.has(key) || after.has(key) || (key === `own ${own}` && rule.kind === "sequence"),
    );
    const notAsked = view === null ? "no rule judges this type of record" : whyNotAsked(rule, view);
    const explanation: Omit<Explanation, "verdict"> = {
      record: {
        id: envelope.id,
        type: envelope.type,
        time: envelope.time,
        ...(envelope.target?.server === undefined ? {} : { server: envelope.target.server }),
        ...(envelope.target?.tool === undefined ? {} : { tool: envelope.target.tool }),
        ...(envelope.call?.outcome === undefined ? {} : { outcome: envelope.call.outcome }),
      },
      phase: view?.phase ?? "other",
      asked: notAsked === null,
      notAsked,
      conditions: view === null ? [] : explainers.map((explain) => explain(view)),
      groups: view === null ? [] : groupsOf(rule, view),
      before: shown.flatMap((key) => told(key, before.get(key) ?? [nothing])),
      after: shown.flatMap((key) => told(key, after.get(key) ?? [nothing])),
      alerts,
      quieted: now.quieted > counts.quieted,
      excepted: now.excepted > counts.excepted,
    };
    explanations.push({ ...explanation, verdict: verdictOf(explanation) });
  }
  return explanations;
}

/** Rules about a session look at credential and principal as well. */
function told(key: string, lines: readonly string[]): string[] {
  return lines.map((line) => (key.startsWith("own ") ? line : `over credential and principal: ${line}`));
}

/** Assigned in a callback, which the compiler does not see. */
function viewIn(seen: RecordView | null): RecordView | null {
  return seen;
}

function whyNotAsked(rule: Rule, view: RecordView): string | null {
  if (!matchesLogsource(rule, view))
    return `the rule is about ${LOGSOURCES[rule.definition.logsource.category]} (logsource), and this is a ${view.record.envelope.type}`;
  // Kinds with steps look at several parts of a call: their conditions are of steps.
  if (rule.kind !== "match" && rule.kind !== "event_count" && rule.kind !== "value_count") return null;
  const { selection } = rule.evaluation;
  if (isDue(view, selection)) return null;
  if (view.phase === "begin")
    return "it asks for what only the call's end shows, and this is its intent: see the call's other record";
  if (view.phase === "end") return "it was judged at the call's intent, which came before: see that record";
  return "refused calls, and calls whose end nobody saw, count only for rules that ask for outcome, error_code or decision";
}

function groupsOf({ evaluation }: Rule, view: RecordView): ExplainedGroup[] {
  const by = evaluation.groupBy;
  if (by.length === 0) return [];
  const missing = by.filter((field) => !field.endsWith("?") && fieldText(view, field) === undefined);
  return [{ by: [...by], label: groupOf(view, by)?.label ?? null, missing }];
}

function verdictOf(explained: Omit<Explanation, "verdict">): string {
  const { alerts, conditions, groups, before, after } = explained;
  if (alerts.length > 0)
    return `it raised ${alerts.map(({ severity }) => `a ${severity} alert`).join(" and ")}`;
  if (explained.excepted) return "it found something, which the settings except";
  if (explained.quieted)
    return "it found something, and its group has had an alert of this severity just before";
  if (explained.notAsked !== null) return `it was not asked: ${explained.notAsked}`;
  if (conditions.length > 0 && conditions.every(({ holds }) => !holds)) return "its condition does not hold";
  const [lacking] = groups.filter(({ label }) => label === null);
  if (lacking !== undefined) return `the record has no ${lacking.missing.join(", ")}, by which it groups`;
  if (after.join() !== before.join()) return "it counts, and is not enough for an alert";
  return "a condition holds, and what else the rule asks for does not: see its groups and what it remembers";
}
