/**
 * Verifies stored records, and evidence bundles of them, against the ledger: records, proofs and a policy in, findings out. Pure but
 * for the ports it is handed; it runs in a browser too. The command and the verifier page may import it.
 */
export * from "./audit.ts";
export * from "./bundle/index.ts";
export * from "./bytes.ts";
export * from "./finding.ts";
export { sha256Hex } from "./hash.ts";
export { type LedgerFiles, readCatalog } from "./ledger-files.ts";
export { isWhereField, type Selection, WHERE_FIELDS, type Where, type WhereField } from "./selection.ts";
export * from "./sources.ts";
export type * from "./summary.ts";
