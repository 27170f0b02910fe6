import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * What somebody should know who lets `rule` revoke by itself, judged by the rules that are shipped: the service can't
 * tell a slip from a rule of the operator's own. Null when there is nothing to say.
 */
export async function noteAbout(rule: string): Promise<string | null> {
  const { parseRules, SHIPPED_RULES } = await import("@tripline/detection"); // late: costs each command 80 ms
  const folder = fileURLToPath(SHIPPED_RULES);
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".yaml"),
  );
  const rules = parseRules(
    names.map((name) => ({ file: name, text: readFileSync(join(folder, name), "utf8") })),
  );
  const found = rules.find(({ id }) => id === rule);
  if (found === undefined) {
    const ids = rules.map(({ id }) => id).sort();
    return `no shipped rule is called ${rule}: unless one of your own is, this does nothing. Shipped: ${ids.join(", ")}`;
  }
  if (found.definition.tripline.response.revocable) return null;
  return `${rule} never takes a key away by itself: what it finds is a reason to look, not a reason to revoke`;
}
