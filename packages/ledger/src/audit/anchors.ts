import type { Checkpoint } from "../checkpoint/index.ts";
import type { RootLeaf } from "./root-leaves.ts";

/** A checkpoint of a log, and where and when the root log took it in. */
export interface Anchor {
  origin: string;
  size: number;
  root: Uint8Array;
  /** Index of the root log's leaf. */
  leaf: number;
  time: string;
}

/** Origin of the log of a partition → its path in the ledger; null for another log. */
export function pathOfOrigin(origin: string): string | null {
  return /^tripline\/[0-9a-f]{16}\/(events\/[A-Za-z0-9._-]+\/\d{1,9})$/.exec(origin)?.[1] ?? null;
}

export function anchorOf({ origin, size, root }: Checkpoint, { index, time }: RootLeaf): Anchor {
  return { origin, size, root, leaf: index, time };
}
