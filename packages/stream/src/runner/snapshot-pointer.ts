import { z } from "zod";

const pointerSchema = z.object({
  epoch: z.string().regex(/^[0-9a-f]{32}$/),
  slot: z.union([z.literal(0), z.literal(1)]),
  chunks: z.int().min(1),
  position: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * Names the one valid snapshot of a partition; travels in the offset commit's metadata.
 * `position` is the offset of the first record that is not in the snapshot.
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
