/**
 * ClickHouse: tables, migrations, inserts and the fixed set of queries. The embedded engine (chDB) is the default.
 * Services and the CLI may import it. No SQL leaves this package, and none comes in.
 */
export type * from "./erase/types.ts";
export { migrateStore } from "./migrate-store.ts";
export { openSealedReader, openStore, type StoreOptions } from "./open-store.ts";
export { countOf, within } from "./queries/completeness-intervals.ts";
export * from "./queries/completeness-types.ts";
export type * from "./queries/dead-letter-types.ts";
export type * from "./queries/incident-types.ts";
export { revocationContent } from "./queries/reconcile.ts";
export type * from "./queries/reconcile-types.ts";
export * from "./queries/types.ts";
export * from "./rows/index.ts";
export { rolesSql } from "./schema/grants.ts";
export { rowsIn, type SealedColumns, sealedBlock } from "./sealed/columns.ts";
export * from "./sealed/frame.ts";
export type * from "./sealed/types.ts";
export * from "./store.ts";
export * from "./write/types.ts";
