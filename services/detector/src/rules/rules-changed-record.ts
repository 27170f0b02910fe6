import { hash } from "node:crypto";
import { type RuleSet, rulesChangedOf } from "@tripline/detection";
import {
  cloudEventHeaders,
  encodeRecord,
  envelopeSchema,
  eventKey,
  LOCAL_TENANT,
  RULES_PRODUCER,
  uuidv7,
} from "@tripline/events";
import type { NewRecord } from "@tripline/stream";

/**
 * The record that puts a set in force for one partition of the events topic. All in it follows from the set and the
 * partition, so that it is the same however often it is written.
 */
export function rulesChangedRecord(set: RuleSet, generation: string, partition: number): NewRecord {
  const { at } = set.content;
  const derived = (what: string): string =>
    uuidv7(
      Date.parse(at),
      hash(
        "sha256",
        JSON.stringify([`tripline rules ${what} v1`, generation, set.hash, partition]),
        "buffer",
      ),
    );
  const envelope = envelopeSchema.parse({
    v: 1,
    id: derived("record"),
    type: "rules.changed",
    time: at,
    received: at,
    tenant: LOCAL_TENANT,
    producer: { id: RULES_PRODUCER, boot: derived("boot"), seq: 0 },
    rules: rulesChangedOf(set, generation),
  });
  return {
    key: eventKey(envelope),
    value: Buffer.from(encodeRecord({ envelope })),
    headers: cloudEventHeaders(envelope),
    partition,
  };
}
