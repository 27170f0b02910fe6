/** C2SP tlog-tiles: paths, entry bundles, and a reader that answers only with what a checkpoint commits to. Pure. */
export * from "./bundle.ts";
export * from "./damage.ts";
export * from "./geometry.ts";
export * from "./path.ts";
export * from "./subtree-in-tile.ts";
export * from "./tile-reader.ts";
