import type { DetectionInput } from "@tripline/detection";
import { envelopeSchema, payloadSchema } from "@tripline/events";
import { z } from "zod";
import { requestLines } from "../api/lines.ts";
import type { Connection } from "../connection/connection.ts";
import { CommandFailed } from "../exit.ts";

const MAX_ATTEMPTS = 3; // without a page in between
const line = z.union([
  z.object({ next: z.string().nullable() }),
  z.object({
    envelope: z.looseObject({ id: z.string(), time: z.string(), type: z.string() }),
    payload: z.unknown(),
    has_payload: z.boolean(),
    append_time: z.string(),
  }),
]);

export interface HistoryQuery {
  since: string;
  until: string;
  credential?: string | undefined;
  session?: string | undefined;
}

export interface HistoryInput extends DetectionInput {
  /** `gone`: it had a payload, which has expired or was erased. `none`: none was captured. */
  payload: "stored" | "gone" | "none";
}

/** Stored records in the order in which they happened. A connection that breaks goes on behind the last whole page. */
export async function* historyRecords(
  connection: Connection,
  query: HistoryQuery,
  signal: AbortSignal,
): AsyncGenerator<HistoryInput> {
  let cursor: string | null | undefined;
  let attempts = 0;
  while (cursor !== null) {
    let page: HistoryInput[] = [];
    try {
      const lines = requestLines(connection, "/api/history", line, {
        query: { ...query, ...(cursor === undefined ? {} : { cursor }) },
        signal,
      });
      for await (const each of lines) {
        if ("next" in each) {
          yield* page;
          page = [];
          cursor = each.next;
          attempts = 0;
        } else page.push(inputOf(each));
      }
    } catch (error) {
      attempts += 1;
      if (
        !(error instanceof CommandFailed) ||
        signal.aborted ||
        attempts >= MAX_ATTEMPTS ||
        cursor === undefined
      )
        throw error;
    }
  }
}

type RecordLine = Exclude<z.infer<typeof line>, { next: unknown }>;

function inputOf({ envelope, payload, has_payload, append_time }: RecordLine): HistoryInput {
  return {
    record: {
      envelope: envelopeSchema.parse(envelope),
      ...(payload === null ? {} : { payload: payloadSchema.parse(payload) }),
    },
    appendTime: Date.parse(append_time),
    payload: payload !== null ? "stored" : has_payload ? "gone" : "none",
  };
}
