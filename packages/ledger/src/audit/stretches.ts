import { readRootEntry } from "../entry/index.ts";
import { type Anchor, anchorOf } from "./anchors.ts";
import type { LogView } from "./log-view.ts";
import { firstLeafAt, type RootLeaf, rootLeaves, rootLeavesBackwards } from "./root-leaves.ts";

/** Leaves of one log that are looked at together: from `from` up to, and without, `to`. */
export interface Stretch {
  origin: string;
  from: number;
  to: number;
  /** Whether a checkpoint that the policy takes covers them. */
  isAnchored: boolean;
  /** What the root log says of the log within: ascending. */
  anchors: readonly Anchor[];
  /** Of the root leaves so far, 0 … 1. */
  share: number;
}

/** The root log's leaves that bracket a time range. */
export interface RootRange {
  /** The last leaf before the range, whose sizes it begins with; -1 for the log's beginning. */
  before: number;
  /** The leaf whose sizes it ends with. */
  last: number;
}

export interface Shrunk {
  anchor: Anchor;
  /** Leaves that the root log had said before. */
  before: number;
}

const STRETCH_LEAVES = 262_144; // a database reads around a short stretch, too, and in vain; who reads may take it in pieces

/** @param from, to RFC 3339; the leaves that enclose them */
export async function rootRangeOf(
  root: LogView,
  { from, to }: { from?: string | undefined; to?: string | undefined },
): Promise<RootRange> {
  const first = from === undefined ? 0 : await firstLeafAt(root, from);
  const last = to === undefined ? root.head.size - 1 : await firstLeafAt(root, to);
  return { before: first - 1, last: Math.min(last, root.head.size - 1) };
}

/** What each log had grown to at a leaf. Reads backwards until all of `origins` are known, or to the beginning. */
export async function sizesAt(
  root: LogView,
  leaf: number,
  origins: readonly string[],
): Promise<Map<string, Anchor>> {
  const found = new Map<string, Anchor>();
  const open = new Set(origins);
  if (leaf < 0 || open.size === 0) return found;
  for await (const each of rootLeavesBackwards(root, 0, leaf + 1)) {
    for (const checkpoint of each.checkpoints) {
      if (!found.has(checkpoint.origin)) found.set(checkpoint.origin, anchorOf(checkpoint, each));
      open.delete(checkpoint.origin);
    }
    if (open.size === 0) break;
  }
  return found;
}

/** The same from leaves that are said to name them, where they do: a wrong one makes a range larger, never smaller. */
export async function anchorsIn(
  root: LogView,
  upTo: number,
  hints: readonly { origin: string; leaf: number }[],
): Promise<Map<string, Anchor>> {
  const found = new Map<string, Anchor>();
  for (const { origin, leaf } of hints) {
    if (leaf < 0 || leaf > upTo) continue;
    const entry = { index: leaf, ...readRootEntry(await root.entry(leaf)) };
    const checkpoint = entry.checkpoints.find((each) => each.origin === origin);
    if (checkpoint !== undefined) found.set(origin, anchorOf(checkpoint, entry));
  }
  return found;
}

/** The first checkpoint of a log from a time on that covers a leaf; if there is none, the newest one; null where that does not either. */
export async function coveringAnchor(
  root: LogView,
  { origin, index, from }: { origin: string; index: number; from: string },
): Promise<Anchor | null> {
  for await (const leaf of rootLeaves(root, await firstLeafAt(root, from), root.head.size)) {
    const checkpoint = leaf.checkpoints.find((each) => each.origin === origin && each.size > index);
    if (checkpoint !== undefined) return anchorOf(checkpoint, leaf);
  }
  const newest = (await sizesAt(root, root.head.size - 1, [origin])).get(origin);
  return newest !== undefined && newest.size > index ? newest : null;
}

/**
 * All leaves of all logs that the root log's leaves of a range cover, in stretches, in the order of time. A log that the root
 * log has ever said to be smaller than before comes out as `shrunk`.
 * @param begun what each log had grown to before the range; one that is not in it begins with its first leaf
 */
export async function* stretches(
  root: LogView,
  range: RootRange,
  { begun, anchoredLeaves }: { begun: ReadonlyMap<string, Anchor>; anchoredLeaves: number },
): AsyncGenerator<{ stretch: Stretch } | { shrunk: Shrunk }> {
  const open = new Map<string, { from: number; anchors: Anchor[] }>();
  const sizes = new Map([...begun].map(([origin, { size }]) => [origin, size]));
  const leaves = range.last - range.before;
  const shareOf = (leaf: number) => (leaves <= 0 ? 1 : (leaf - range.before) / leaves);

  const close = (origin: string, leaf: number): Stretch[] => {
    const gathered = open.get(origin);
    open.delete(origin);
    const last = gathered?.anchors.at(-1);
    if (gathered === undefined || last === undefined) return [];
    return inPieces({
      origin,
      from: gathered.from,
      to: last.size,
      isAnchored: last.leaf < anchoredLeaves,
      anchors: gathered.anchors,
      share: shareOf(leaf),
    });
  };

  for await (const leaf of rootLeaves(root, range.before + 1, range.last + 1)) {
    if (leaf.index === anchoredLeaves) yield* closeAll(leaf);
    for (const checkpoint of leaf.checkpoints) {
      const anchor = anchorOf(checkpoint, leaf);
      const { origin, size } = anchor;
      const before = sizes.get(origin) ?? 0;
      if (size < before) {
        yield { shrunk: { anchor, before } };
        continue;
      }
      sizes.set(origin, size);
      const gathered = open.get(origin) ?? { from: before, anchors: [] };
      gathered.anchors.push(anchor);
      open.set(origin, gathered);
      if (size - gathered.from < STRETCH_LEAVES) continue;
      for (const stretch of close(origin, leaf.index)) yield { stretch };
    }
  }
  for (const origin of [...open.keys()]) {
    for (const stretch of close(origin, range.last)) yield { stretch };
  }

  function* closeAll(leaf: RootLeaf): Generator<{ stretch: Stretch }> {
    for (const origin of [...open.keys()]) {
      for (const stretch of close(origin, leaf.index)) yield { stretch };
    }
  }
}

/** One checkpoint can be of any number of leaves. */
function inPieces(stretch: Stretch): Stretch[] {
  const { from, to, anchors } = stretch;
  if (to - from <= 2 * STRETCH_LEAVES) return [stretch];
  const pieces: Stretch[] = [];
  for (let start = from; start < to; ) {
    const end = Math.min(to, (Math.floor(start / STRETCH_LEAVES) + 1) * STRETCH_LEAVES);
    const first = pieces.length === 0;
    const own = anchors.filter(({ size }) => size <= end && (size > start || (first && size === start)));
    // The one that covers the piece's last leaves may be of the next.
    const covering = own.at(-1)?.size === end ? undefined : anchors.find(({ size }) => size > end);
    pieces.push({
      ...stretch,
      from: start,
      to: end,
      anchors: covering === undefined ? own : [...own, covering],
    });
    start = end;
  }
  return pieces;
}
