import { definitionHash } from "@tripline/events";
import { stringify } from "yaml";
import { EFFECTS, namesOf } from "./effects.ts";
import { profileOfDefinition } from "./tool-profile.ts";

/**
 * A manifest to begin with: approves these servers and pins the definitions as they are now. What each tool is taken for
 * stands beside it, for a person to correct.
 * @param servers definitions, as `tools/list` gives them, by the server's name
 */
export function draftManifest(
  servers: ReadonlyMap<string, readonly ({ name: string } & Record<string, unknown>)[]>,
): string {
  const lines = [
    "# Drafted from what servers list. Check each line, and pin again what you let change.",
    "manifest: 1",
    `approved_servers: ${flow([...servers.keys()])}`,
    "internal_hosts: [] # your own domains: what goes there does not leave",
    `servers:${servers.size === 0 ? " []" : ""}`,
  ];
  for (const [server, tools] of servers) {
    lines.push(`  - match: ${flow(server)}`, `    tools:${tools.length === 0 ? " []" : ""}`);
    for (const tool of tools) {
      const profile = profileOfDefinition(tool, false, server);
      const effects = namesOf(EFFECTS, profile.effects);
      const seen = [profile.acts ? "acts" : "reads", ...effects].join(", ");
      lines.push(
        `      - match: ${flow(tool.name)} # ${seen}`,
        `        definition: ${definitionHash(tool)}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

/** On one line: names come from servers, and no name may become a line of its own. */
function flow(value: unknown): string {
  return stringify(value, {
    collectionStyle: "flow",
    lineWidth: 0,
    defaultStringType: "QUOTE_DOUBLE",
    defaultKeyType: "PLAIN",
  }).trimEnd();
}
