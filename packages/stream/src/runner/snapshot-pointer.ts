import { hash } from "node:crypto";
import { z } from "zod";

/** Owners whose segments one snapshot may need: with 50 bytes each, far from the 4 KiB of a commit's metadata. */
export const MAX_RANGES = 24;

const pointerSchema = z.object({
  /** Oldest first: whose epoch, and its first and last segment. */
  segments: z
    .array(z.tuple([z.string().regex(/^[0-9a-f]{32}$/), z.int().min(1), z.int().min(1)]))
    .max(MAX_RANGES),
  position: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * Names the one valid snapshot of a partition; travels in the offset commit's metadata.
 * `position` is the offset of the first record that is not in the snapshot; `sha256` is over the segments' own digests.
 */
export type SnapshotPointer = z.infer<typeof pointerSchema>;

export function encodePointer(pointer: SnapshotPointer | null): string {
  return pointer === null ? "" : JSON.stringify(pointer);
}

/** Null when the commit names no snapshot: the step had no state, or commits come from elsewhere. */
export function parsePointer(metadata: string): SnapshotPointer | null {
  if (!metadata.startsWith("{")) return null;
  try {
    const parsed = pointerSchema.safeParse(JSON.parse(metadata));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Over the digests of a snapshot's segments, in order. */
export function digestOf(digests: readonly string[]): string {
  return hash("sha256", digests.join(""), "hex");
}
