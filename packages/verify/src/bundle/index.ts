/** Evidence bundles: their format, how one is verified, and what a maker needs to know which files belong into it. */
export * from "./make-bundle.ts";
export * from "./manifest.ts";
export { type BundleRecords, bundleLine, takeLines } from "./record-lines.ts";
export * from "./tar.ts";
export * from "./verify-bundle.ts";
