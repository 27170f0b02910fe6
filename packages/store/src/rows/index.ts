/** From records to rows and back; pure. The archiver encodes with these what it hands to the store's writer. */
export { rowFromAlert, rowFromAlertState } from "./alert-rows.ts";
export {
  type NewDeadLetter,
  rowFromDeadLetter,
  rowFromDeadLetterBytes,
  rowFromDeadLetterDecision,
} from "./dead-letter-row.ts";
export { MAX_NAMES_PER_PAYLOAD, rowFromName } from "./directory-row.ts";
export { rowFromIncident, rowsFromIncidentAlerts } from "./incident-rows.ts";
export { type PayloadOwner, rowFromPayload } from "./payload-row.ts";
export { type PlainEnvelope, scanPlainEnvelope } from "./plain-envelope.ts";
export { envelopeFromRow, rowFromEnvelope, rowFromPlainEnvelope } from "./record-row.ts";
export { rowFromRevocation } from "./revocation-row.ts";
export type { RowSource } from "./source.ts";
