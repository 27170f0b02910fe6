/**
 * The contract between all parts: schemas and types of what travels, ids, hashing, redaction.
 * Pure: no I/O, no clock, no random. Everything may import it; it imports nothing of ours.
 */
export * from "./alert.ts";
export * from "./baseline-statement.ts";
export * from "./capture.ts";
export * from "./cloud-events.ts";
export * from "./control.ts";
export * from "./dead-letter.ts";
export * from "./envelope.ts";
export * from "./erasure.ts";
export * from "./erasure-index.ts";
export * from "./errors.ts";
export * from "./fact.ts";
export * from "./fields.ts";
export * from "./fingerprint.ts";
export * from "./heartbeat-chain.ts";
export * from "./ids.ts";
export * from "./incident.ts";
export * from "./keyed-hash.ts";
export * from "./local-names.ts";
export * from "./nesting.ts";
export * from "./own-producers.ts";
export * from "./payload.ts";
export * from "./pipeline-alert.ts";
export * from "./record.ts";
export * from "./record-ids.ts";
export * from "./redaction.ts";
export * from "./removed-envelopes.ts";
export * from "./revocation.ts";
export * from "./topics.ts";
export * from "./upstream.ts";
export * from "./verdict.ts";
