import type { FactDraft, Objection } from "@tripline/detection";
import {
  type Alert,
  alertKey,
  type Envelope,
  type Fact,
  factKey,
  TOPICS,
  verdictKey,
} from "@tripline/events";
import { type SigningKey, signVerdict } from "@tripline/response";
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

const MAX_TITLE_CHARS = 256;

/**
 * What the rules make of an intent whose call waits.
 * @param objection null: nothing speaks against it
 * @param now ms since the epoch
 */
export function verdictEmission(
  { id, tenant, producer }: Envelope,
  objection: Objection | null,
  { key, now }: { key: SigningKey; now: number },
): Emission {
  const verdict = signVerdict(
    {
      v: 1,
      tenant,
      producer: producer.id,
      boot: producer.boot,
      seq: producer.seq,
      record_id: id,
      verdict: objection === null ? "clear" : "finding",
      ...(objection === null
        ? {}
        : {
            rule_id: objection.rule.id,
            severity: objection.severity,
            title: objection.rule.title.slice(0, MAX_TITLE_CHARS),
          }),
      judged_at: new Date(now).toISOString(),
    },
    key,
  );
  return {
    topic: TOPICS.verdicts,
    passing: true,
    key: verdictKey(verdict),
    value: encoder.encode(JSON.stringify(verdict)),
    headers: HEADERS,
  };
}
