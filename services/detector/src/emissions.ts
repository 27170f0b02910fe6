import type { FactDraft } from "@tripline/detection";
import { type Alert, alertKey, type Fact, factKey, TOPICS } from "@tripline/events";
import type { Emission, LogRecord } from "@tripline/stream";

const HEADERS = { "content-type": "application/json" };
const encoder = new TextEncoder();

/** @param now ms since the epoch: when it was detected */
export function alertEmission(alert: Alert, now: number): Emission {
  const value = { ...alert, detected_at: new Date(now).toISOString() };
  return {
    topic: TOPICS.alerts,
    key: alertKey(alert.tenant, alert.id),
    value: encoder.encode(JSON.stringify(value)),
    headers: HEADERS,
  };
}

/**
 * @param source the record it is of, of that generation of the log
 * @param source.ruleSet the set that chose it; empty where rules never change
 */
export function factEmission(
  { value, group, rules, record }: FactDraft,
  source: { record: LogRecord; generation: string; ruleSet: string },
): Emission {
  const { partition, offset, appendTime } = source.record;
  const fact: Fact = {
    v: 1,
    source: { generation: source.generation, partition, offset, append_time: appendTime },
    group,
    rules,
    ...(source.ruleSet === "" ? {} : { rule_set: source.ruleSet }),
    record,
  };
  return {
    topic: TOPICS.facts,
    key: factKey(record.envelope.tenant, value),
    value: encoder.encode(JSON.stringify(fact)),
    headers: HEADERS,
  };
}
