import { StateTables } from "@tripline/detection";
import { type IncidentBook, type IncidentState, incidentStateSchema, MAX_SEEN } from "@tripline/response";
import type { StepState } from "@tripline/stream";
import { z } from "zod";

const textRow = { encode: (text: string) => text, decode: (json: unknown) => z.string().parse(json) };
const incidentRow = {
  encode: (state: IncidentState) => state,
  decode: (json: unknown) => incidentStateSchema.parse(json),
};

/** The incidents of one partition, and how they outlive the process. Names of tables are part of what is stored. */
export function partitionBook(): { book: IncidentBook; state: StepState } {
  const tables = new StateTables();
  const book: IncidentBook = {
    open: tables.table("open", incidentRow),
    closed: tables.table("closed", incidentRow),
    latest: tables.table("latest", textRow),
    seen: tables.table("seen", textRow, { limit: MAX_SEEN, what: "seen" }),
  };
  return {
    book,
    state: {
      begin: (keepFrom) => tables.begin(keepFrom),
      drain: (write, more) => tables.drain(write, more),
      live: (segment) => tables.live(segment),
      load: (entries) => tables.load([...entries]),
    },
  };
}
