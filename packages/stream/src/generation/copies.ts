import { TOPICS } from "@tripline/events";
import type { LogRecord, NewRecord } from "../log.ts";
import { copiedFrom, copiedHeaders, MARK_HEADERS } from "../runner/marks.ts";

/** How a topic's records go along to the next generation. */
export interface CopyRule {
  topic: string;
  /** Also what everyone has worked off: as marked copies, within the history that was asked for. */
  history: "window" | "all" | "none";
  /** The group that builds its state from this topic: what it has not seen yet must reach it as a new record. */
  stateful: string | null;
}

/**
 * Revocations, controls and erasures are tables and go along whole; the state is rebuilt. Incidents are as old as their first
 * alert, so all that they were made of goes along, and they stay the same ones.
 */
export const COPY_RULES: readonly CopyRule[] = [
  { topic: TOPICS.events, history: "window", stateful: "detector" },
  { topic: TOPICS.facts, history: "window", stateful: "detector-facts" },
  { topic: TOPICS.alerts, history: "none", stateful: "responder" },
  { topic: TOPICS.triage, history: "all", stateful: "responder-incidents" },
  { topic: TOPICS.incidents, history: "all", stateful: null },
  { topic: TOPICS.deadLetters, history: "all", stateful: null },
];

/**
 * What one record becomes in the next generation.
 *
 * Worked off by all: a copy with a mark, which only rebuilds state. Not yet worked off by the group that builds state
 * (nor, as a rule, by the others): the record itself, new for everyone; who has stored it already knows it by its seq or
 * id. Worked off by that group and not by another: the marked copy, and beside it one that is for that other alone.
 */
export function copiesOf(
  record: LogRecord,
  {
    generation,
    rule,
    behind,
    inHistory,
  }: { generation: string; rule: CopyRule; behind: readonly string[]; inHistory: boolean },
): NewRecord[] {
  const { key, value, partition, offset, topic, appendTime } = record;
  if (rule.stateful !== null && behind.includes(rule.stateful))
    return [{ key, value, headers: record.headers }];
  const copies: NewRecord[] = [];
  if (rule.history === "all" || (rule.history === "window" && inHistory)) {
    // A copy of a copy keeps the first one's mark: what was appended once keeps its time.
    const mark = copiedFrom(record) ?? { generation, partition, offset, appendTime };
    copies.push({ key, value, headers: { ...record.headers, ...copiedHeaders(mark) } });
  }
  if (copiedFrom(record) !== null) return copies; // a copy is nobody's work
  for (const group of behind) {
    const headers = {
      ...record.headers,
      [MARK_HEADERS.replayStep]: group,
      [MARK_HEADERS.replayOf]: `${generation}/${topic}/${partition}/${offset}`,
    };
    copies.push({ key, value, headers });
  }
  return copies;
}
