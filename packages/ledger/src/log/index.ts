/** A log that grows: append by index, publish checkpoints by compare and set, heal after any crash. Needs a LedgerStorage and signers. */
export * from "./open-log.ts";
export type { Published } from "./published.ts";
export { type Cosign, TiledLog } from "./tiled-log.ts";
