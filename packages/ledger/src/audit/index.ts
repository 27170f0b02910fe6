/**
 * Reads the logs of a ledger as an auditor does: nothing of a storage is believed that a checkpoint does not commit to. Pure over
 * a `ResourceReader`; findings come out, nothing is printed or written. Runs in a browser too.
 */
export { isSha256, sha256 } from "#crypto";
export * from "./anchors.ts";
export * from "./fault.ts";
export * from "./growing-root.ts";
export * from "./log-view.ts";
export * from "./open-root.ts";
export * from "./root-leaves.ts";
export * from "./stretches.ts";
