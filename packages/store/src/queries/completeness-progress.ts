import { alertSchema } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import { EPOCH } from "../sql/row.ts";
import { integer, join, sql, text, time, word } from "../sql/sql.ts";
import type { Examined, OpenAlert } from "./completeness-types.ts";

/** How far the examination has come, and what it has already said. */

const LIMITS = { seconds: 10, rows: 10_000 };
const LOOKUP_IDS = 1_000;

export async function examined(database: Database, what: string, generation: string): Promise<Examined[]> {
  const rows = await database.select({
    columns: sql`source_partition, max(source_offset) AS next, argMax(append_time, source_offset) AS at`,
    rest: sql`FROM examined WHERE what = ${word(what)} AND generation = ${text(generation)}
      GROUP BY source_partition LIMIT ${integer(LIMITS.rows)}`,
    limits: LIMITS,
  });
  return rows.map((row) => ({
    partition: row.number("source_partition"),
    offset: row.number("next"),
    append_time: row.time("at"),
  }));
}

export async function saveExamined(
  database: Database,
  what: string,
  generation: string,
  progress: readonly Examined[],
): Promise<void> {
  if (progress.length === 0) return;
  const lines = progress.map(({ partition, offset, append_time }) =>
    JSON.stringify([what, generation, partition, offset, append_time ?? EPOCH]),
  );
  const places = progress.map(({ partition, offset }) => `${partition}-${offset}`).join("_");
  await database.insert({
    table: "examined",
    columns: ["what", "generation", "source_partition", "source_offset", "append_time"],
    body: Buffer.from(lines.join("\n")),
    token: `examined:${what}:${generation.replace(/[^A-Za-z0-9._-]/g, "_")}:${places}`,
  });
}

export async function knownAlerts(database: Database, ids: readonly string[]): Promise<Set<string>> {
  const known = new Set<string>();
  for (let first = 0; first < ids.length; first += LOOKUP_IDS) {
    const some = ids.slice(first, first + LOOKUP_IDS);
    const rows = await database.select({
      columns: sql`id`,
      rest: sql`FROM alerts WHERE id IN (${join(some.map(word), ", ")}) GROUP BY id LIMIT ${integer(LIMITS.rows)}`,
      limits: LIMITS,
    });
    for (const row of rows) known.add(row.string("id"));
  }
  return known;
}

export async function openAlerts(
  database: Database,
  rules: readonly string[],
  since: string,
  limit: number,
): Promise<OpenAlert[]> {
  const rows = await database.select({
    columns: sql`said, raised`,
    rest: sql`FROM (SELECT tenant, id, argMin(body, append_time) AS said, min(append_time) AS raised FROM alerts
          WHERE append_time >= ${time(since)} AND rule_id IN (${join(rules.map(word), ", ")}) GROUP BY tenant, id) AS a
        LEFT JOIN (SELECT tenant, alert_id, argMax(state, (append_time, source_offset)) AS latest
          FROM alert_states GROUP BY tenant, alert_id) AS s ON s.tenant = a.tenant AND s.alert_id = a.id
        WHERE s.latest IN ('', 'open', 'acknowledged') ORDER BY raised LIMIT ${integer(limit)}`,
    limits: LIMITS,
  });
  return rows.flatMap((row) => {
    const alert = alertSchema.safeParse(JSON.parse(row.string("said")));
    return alert.success ? [{ alert: alert.data, append_time: row.string("raised") }] : [];
  });
}
