import { assignmentLost, hasCode } from "../errors.ts";
import { checkMetadata } from "../limits.ts";
import type { Assignment } from "../log.ts";

/** An assignment whose commits end with it, whichever client speaks to Kafka. */
export function guardedAssignment(
  about: Omit<Assignment, "signal" | "commit">,
  parts: {
    /** Aborted when the partition is lost: by whoever learns it first. */
    lost: AbortController;
    /** Under the membership that the partition was assigned with, and no other. */
    commit(offset: number, metadata: string): Promise<void>;
    /** What the client's error is for Tripline. */
    translate(error: unknown, what: string): unknown;
  },
): Assignment {
  const { topic, partition } = about;
  const { lost, commit, translate } = parts;
  return {
    ...about,
    signal: lost.signal,
    commit: async (offset, metadata = "") => {
      checkMetadata(metadata);
      if (lost.signal.aborted) throw assignmentLost(topic, partition);
      try {
        await commit(offset, metadata);
      } catch (cause) {
        const error = translate(cause, `committing ${topic}/${partition}`);
        if (hasCode(error, "TRIPLINE_STREAM_ASSIGNMENT_LOST")) lost.abort(); // before the client has noticed
        throw error;
      }
    },
  };
}
