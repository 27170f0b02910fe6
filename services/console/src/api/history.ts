import { RECORD_TYPES } from "@tripline/events";
import type { HistoryRecord } from "@tripline/store";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { addLinesRoute, type ReadDependencies } from "../read/read-route.ts";
import { cursor, filterText, listOf, moment } from "../schemas/common.ts";

const historyQuery = z.strictObject({
  since: moment.describe("from this time on"),
  until: moment.describe("before this time"),
  type: listOf(RECORD_TYPES).optional().describe("record types; default call, call.intent and tools.listed"),
  credential: filterText.optional(),
  session: filterText.optional(),
  cursor: cursor.optional().describe("`next` of a page line: goes on behind that page"),
});

const historyLine = z.union([
  z
    .object({
      envelope: z.unknown(),
      payload: z.unknown(),
      has_payload: z.boolean(),
      append_time: z.string(),
    })
    .describe("a record; `payload` is null where it had none, or where it is gone"),
  z.object({ next: z.string().nullable() }).describe("the end of a page; null: there is no further one"),
]);

const JUDGED = ["call", "call.intent", "tools.listed"] as const;

/** `GET /api/history`: whole records, oldest first, for who judges them again. */
export function addHistoryRoute(app: FastifyInstance, dependencies: ReadDependencies): void {
  addLinesRoute(app, dependencies, {
    url: "/api/history",
    action: "history.read",
    role: "read_payload",
    summary: "Records with their payloads in the order in which they happened: redacted, and untrusted",
    tag: "history",
    query: historyQuery,
    line: historyLine,
    async *pages({ query, reader, signal }) {
      const { type, cursor: from, ...filter } = query;
      for (let next: string | null | undefined = from; next !== null; ) {
        const page = await reader.history({ ...filter, types: type ?? JUDGED }, { cursor: next }, { signal });
        next = page.next;
        yield {
          answer: `${page.records.map(line).join("")}${JSON.stringify({ next })}\n`,
          records: page.records.length,
        };
      }
    },
  });
}

/** The stored texts are JSON already. */
function line({ envelope_text, payload_text, has_payload, append_time }: HistoryRecord): string {
  return `{"envelope":${envelope_text},"payload":${payload_text ?? "null"},"has_payload":${has_payload},"append_time":${JSON.stringify(append_time)}}\n`;
}
