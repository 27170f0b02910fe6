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

/** @param generation of the log that `source` was read from */
export function factEmission(
  { value, group, rules, record }: FactDraft,
  source: LogRecord,
  generation: string,
): Emission {
  const fact: Fact = {
    v: 1,
    source: {
      generation,
      partition: source.partition,
      offset: source.offset,
      append_time: source.appendTime,
    },
    group,
    rules,
    record,
  };
  return {
    topic: TOPICS.facts,
    key: factKey(record.envelope.tenant, value),
    value: encoder.encode(JSON.stringify(fact)),
    headers: HEADERS,
  };
}
