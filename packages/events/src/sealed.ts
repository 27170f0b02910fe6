/**
 * What a verifier needs of the contract: envelopes, and which payloads a record of an erasure covers. No Node: it runs in a browser
 * too.
 */
export { type Envelope, envelopeSchema } from "./envelope.ts";
export type { Erasable } from "./erasure.ts";
export { ErasureIndex } from "./erasure-index.ts";
export { isRemoved, type RemovedEnvelopes, removedBy } from "./removed-envelopes.ts";
