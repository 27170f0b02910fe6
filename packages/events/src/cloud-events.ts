import type { Envelope } from "./envelope.ts";

/** Headers of a record on the log: CloudEvents 1.0, Kafka protocol binding, binary content mode. */
export function cloudEventHeaders(envelope: Envelope): Record<string, string> {
  return {
    ce_specversion: "1.0",
    ce_id: envelope.id,
    ce_type: `tripline.${envelope.type}`,
    ce_source: `/tripline/${envelope.tenant}/${envelope.producer.id}`,
    ce_time: envelope.time,
    "content-type": "application/json",
  };
}
