import type { RecordView } from "../record/record-view.ts";
import type { Rule } from "../rule/rule.ts";

/** Whether the rule's `logsource` has such records. */
export function matchesLogsource(rule: Rule, view: RecordView): boolean {
  const { category } = rule.definition.logsource;
  const listing = view.phase === "other";
  return category === "agent_tool_any" || (category === "agent_tool_listing") === listing;
}
