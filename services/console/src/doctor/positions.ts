import type { Log } from "@tripline/stream";
import { z } from "zod";

const announcementSchema = z.object({ first: z.int().min(0), last: z.int().min(0) });
export type Announcement = z.infer<typeof announcementSchema>;

/** A partition as the doctor found it when it came there. */
export interface PartitionState {
  partition: number;
  earliest: number;
  next: number;
  committed: number | null;
  announced: Announcement | null;
}

/** The name of the archiver's sink, and of its group, for a topic. */
export function archiverOf(topic: string): string {
  return `archiver-${topic.replace("tripline.", "")}`;
}

/** The archiver's positions first, so that what lies before them lies in the log's bounds too. */
export async function partitionsOf(log: Log, topic: string): Promise<PartitionState[]> {
  const committed = await log.committed(topic, archiverOf(topic));
  const bounds = await log.offsets(topic);
  return bounds
    .map(({ partition, earliest, next }) => {
      const at = committed.get(partition);
      return {
        partition,
        earliest,
        next,
        committed: at?.offset ?? null,
        announced: parseAnnouncement(at?.metadata ?? ""),
      };
    })
    .sort((a, b) => a.partition - b.partition);
}

function parseAnnouncement(metadata: string): Announcement | null {
  if (!metadata.startsWith("{")) return null;
  try {
    const parsed = announcementSchema.safeParse(JSON.parse(metadata));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
