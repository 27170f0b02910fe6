import { z } from "zod";

const announcementSchema = z.object({ first: z.int().min(0), last: z.int().min(0) });

/** The range that a sink is about to write, in the metadata of the commit of its first offset. */
export type Announcement = z.infer<typeof announcementSchema>;

export function encodeAnnouncement({ first, last }: Announcement): string {
  return JSON.stringify({ first, last });
}

/** Null when the commit announces nothing: the range before it was finished. */
export function parseAnnouncement(metadata: string): Announcement | null {
  if (!metadata.startsWith("{")) return null;
  try {
    const parsed = announcementSchema.safeParse(JSON.parse(metadata));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
