/**
 * Takes records, alerts and revocations from the log and writes them into the store, once each.
 * Composed by services/standalone, or alone through main.ts; nothing else imports it.
 */
export { type ArchiverDependencies, createArchiver } from "./archiver.ts";
export { ledgerSettingsOf } from "./ledger/settings-of.ts";
