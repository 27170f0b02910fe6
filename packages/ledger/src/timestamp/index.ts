/**
 * RFC 3161 timestamps: an authority's word that a checkpoint existed at a time, for auditors who know these. Request, verify, ask
 * over HTTP. Node only: certificates are read by its X509Certificate. `@tripline/ledger/timestamp`: apart, because ASN.1 takes long to load.
 */
export { encodeTimestampRequest } from "./request.ts";
export * from "./timestamp-client.ts";
export * from "./verify-timestamp.ts";
