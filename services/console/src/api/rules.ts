import { LOCAL_TENANT, rulesChangedSchema } from "@tripline/events";
import type { StoreReader } from "@tripline/store";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { addReadRoute, type ReadDependencies } from "../read/read-route.ts";
import { moment } from "../schemas/common.ts";

const LOOK_BACK_MS = 400 * 86_400_000; // how long envelopes are kept by default
const MAX_PAGES = 50; // of sets; somebody who changes rules so often sees the latest of them

const rulesQuery = z.strictObject({
  at: moment.optional().describe("what was in force then; default now"),
});
const setAnswer = z.object({
  number: z.number(),
  set: z.string(),
  since: z.string().describe("when the log took it, RFC 3339"),
  rules: rulesChangedSchema,
});
export const rulesAnswer = z.object({
  in_force: setAnswer.nullable().describe("null before the first set was stored"),
  changes: z
    .array(z.object({ number: z.number(), set: z.string(), since: z.string(), problems: z.number() }))
    .describe("the latest first"),
});

/** `GET /api/rules`: the rules in force, and since when. */
export function addRulesRoute(app: FastifyInstance, { now, ...dependencies }: ReadDependencies): void {
  const rest = { ...dependencies, now };
  addReadRoute(app, rest, {
    url: "/api/rules",
    action: "rules.read",
    role: "read",
    summary: "The rules in force, each with its version and the set it came with",
    tag: "rules",
    params: z.object({}),
    query: rulesQuery,
    answer: rulesAnswer,
    async find({ query, signal }) {
      const until = query.at ?? new Date(now() + 60_000).toISOString();
      // The rules are those of the installation, whoever asks.
      const reader = dependencies.store.reader({ tenant: LOCAL_TENANT, payloads: false });
      const sets = await setsBefore(reader, until, signal);
      const changes = sets.map(({ number, set, since, rules }) => ({
        number,
        set,
        since,
        problems: rules.problems.length,
      }));
      return { answer: { in_force: sets[0] ?? null, changes }, records: sets.length };
    },
  });
}

/** One of each set, the latest first; each partition of the log has a record of it. */
async function setsBefore(
  reader: StoreReader,
  until: string,
  signal: AbortSignal,
): Promise<z.infer<typeof setAnswer>[]> {
  const since = new Date(Date.parse(until) - LOOK_BACK_MS).toISOString();
  const sets = new Map<string, z.infer<typeof setAnswer>>();
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const found = await reader.searchCalls(
      { since, until, types: ["rules.changed"] },
      { cursor },
      { signal },
    );
    for (const row of found.rows) {
      const stored = await reader.record(row.id, { signal });
      const rules = rulesChangedSchema.safeParse(stored?.envelope.rules).data;
      if (stored === null || rules === undefined) continue;
      const known = sets.get(rules.set);
      const at =
        known === undefined || stored.source.append_time < known.since
          ? stored.source.append_time
          : known.since;
      sets.set(rules.set, { number: rules.number, set: rules.set, since: at, rules });
    }
    if (found.next === null) break;
    cursor = found.next;
  }
  // Numbers begin anew with a generation of the log.
  return [...sets.values()].sort((a, b) =>
    a.since === b.since ? b.number - a.number : a.since < b.since ? 1 : -1,
  );
}
