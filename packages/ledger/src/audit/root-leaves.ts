import type { Checkpoint } from "../checkpoint/index.ts";
import { readRootEntry } from "../entry/index.ts";
import { TILE_WIDTH } from "../tiles/index.ts";
import type { LogView } from "./log-view.ts";

/** A leaf of the root log: at this time, these logs had grown to this. */
export interface RootLeaf {
  index: number;
  /** RFC 3339, milliseconds, UTC: the clock of who wrote it. */
  time: string;
  checkpoints: readonly Checkpoint[];
}

/** Leaves from `from` up to, and without, `to`; a bundle is read ahead. @throws TileDamage, LedgerError */
export async function* rootLeaves(root: LogView, from: number, to: number): AsyncGenerator<RootLeaf> {
  const last = Math.floor((to - 1) / TILE_WIDTH);
  let next = to > from ? root.entries(Math.floor(from / TILE_WIDTH)) : null;
  for (let bundle = Math.floor(from / TILE_WIDTH); next !== null; bundle += 1) {
    const entries = await next;
    next = bundle < last ? root.entries(bundle + 1) : null;
    next?.catch(() => undefined); // thrown when it is awaited
    for (const [at, entry] of entries.entries()) {
      const index = bundle * TILE_WIDTH + at;
      if (index >= from && index < to) yield { index, ...readRootEntry(entry) };
    }
  }
}

/** The same backwards, from `to - 1` down to `from`. */
export async function* rootLeavesBackwards(
  root: LogView,
  from: number,
  to: number,
): AsyncGenerator<RootLeaf> {
  for (let bundle = Math.floor((to - 1) / TILE_WIDTH); bundle * TILE_WIDTH + TILE_WIDTH > from; bundle -= 1) {
    if (bundle < 0) return;
    const entries = await root.entries(bundle);
    for (const [at, entry] of [...entries.entries()].reverse()) {
      const index = bundle * TILE_WIDTH + at;
      if (index >= from && index < to) yield { index, ...readRootEntry(entry) };
    }
  }
}

/** The first leaf that was written at this time or later; the log's size where there is none. Times never fall but by a clock set back. */
export async function firstLeafAt(root: LogView, time: string): Promise<number> {
  let low = 0;
  let high = root.head.size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (readRootEntry(await root.entry(middle)).time >= time) high = middle;
    else low = middle + 1;
  }
  return low;
}
