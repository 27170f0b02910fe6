import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const checksSchema = z.array(z.object({ id: z.string(), status: z.string() }));

/** Status of each check by scenario, in the order the suite made them: `tools-list` -> [`tools-list=SUCCESS`, …]. */
export type SuiteResult = ReadonlyMap<string, readonly string[]>;

/** Reads the results that a suite wrote to `directory`, one folder `<scenario>-<time>` each. */
export function readResult(directory: string): SuiteResult {
  const result = new Map<string, string[]>();
  for (const folder of readdirSync(directory)) {
    const file = join(directory, folder, "checks.json");
    if (!existsSync(file)) continue;
    const scenario = folder.replace(/-\d{4}-\d\d-\d\dT.*$/, "");
    const checks = checksSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    result.set(
      scenario,
      checks.map(({ id, status }) => `${id}=${status}`),
    );
  }
  return result;
}

export interface Comparison {
  scenarios: number;
  /** How often each status was seen in the first result. */
  statuses: Record<string, number>;
  /** Scenarios whose checks are not the same, with both sides. */
  differences: { scenario: string; direct: readonly string[]; proxied: readonly string[] }[];
}

/** Compares check by check: same scenarios, same checks, same order, same status. */
export function compareResults(direct: SuiteResult, proxied: SuiteResult): Comparison {
  const statuses: Record<string, number> = {};
  const differences: Comparison["differences"] = [];
  for (const scenario of new Set([...direct.keys(), ...proxied.keys()])) {
    const a = direct.get(scenario) ?? ["missing"];
    const b = proxied.get(scenario) ?? ["missing"];
    for (const check of a) {
      const status = check.slice(check.lastIndexOf("=") + 1);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    if (a.join("\n") !== b.join("\n")) differences.push({ scenario, direct: a, proxied: b });
  }
  return { scenarios: direct.size, statuses, differences };
}
