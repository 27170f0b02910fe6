import type { TriplineRecord } from "@tripline/events";
import { z } from "zod";
import { profileOfDefinition, profileOfName, type ToolProfile } from "../knowledge/tool-profile.ts";
import { BoundedMap } from "./bounded-map.ts";

const MAX_LISTINGS = 5000; // servers as each credential sees them
const MAX_TOOLS = 1000; // of one listing, as in the record
const MAX_NAMES = 4096; // names whose profile is remembered; a matter of speed

const profileState = z.object({ effects: z.number(), classes: z.number(), acts: z.boolean() });
export const toolKnowledgeState = z.array(
  z.tuple([z.string(), z.array(z.tuple([z.string(), profileState]))]),
);

/**
 * What servers said about their tools, for each credential apart: a listing one credential saw must not change what
 * is found for another, or alerts would depend on who shares a partition.
 */
export class ToolKnowledge {
  readonly #listings = new BoundedMap<Map<string, ToolProfile>>(MAX_LISTINGS);
  readonly #byName = new BoundedMap<ToolProfile>(MAX_NAMES);

  get evicted(): number {
    return this.#listings.evicted;
  }

  /** Learns from a `tools.listed` record. Pages of one listing add up. */
  learn(record: TriplineRecord, isTrusted: (server: string) => boolean): void {
    const definitions = record.payload?.definitions;
    const server = record.envelope.target?.server;
    if (definitions === undefined || server === undefined) return;
    const key = listingKey(record, server);
    const tools = this.#listings.get(key) ?? new Map<string, ToolProfile>();
    for (const definition of definitions.slice(0, MAX_TOOLS)) {
      if (definition === null || typeof definition !== "object") continue;
      const fields: Record<string, unknown> = { ...definition };
      if (typeof fields.name !== "string") continue;
      if (tools.size >= MAX_TOOLS && !tools.has(fields.name)) break;
      tools.set(fields.name, profileOfDefinition(fields, isTrusted(server)));
    }
    this.#listings.set(key, tools);
  }

  profileOf(record: TriplineRecord): ToolProfile {
    const { server, tool } = record.envelope.target ?? {};
    if (tool === undefined) return NO_TOOL;
    const listed =
      server === undefined ? undefined : this.#listings.get(listingKey(record, server))?.get(tool);
    if (listed !== undefined) return listed;
    const known = this.#byName.get(tool);
    if (known !== undefined) return known;
    const profile = profileOfName(tool);
    this.#byName.set(tool, profile);
    return profile;
  }

  save(): z.infer<typeof toolKnowledgeState> {
    return this.#listings.entries().map(([key, tools]) => [key, [...tools]]);
  }

  load(saved: z.infer<typeof toolKnowledgeState>): void {
    for (const [key, tools] of saved) this.#listings.set(key, new Map(tools));
  }
}

const NO_TOOL: ToolProfile = { effects: 0, classes: 0, acts: false };

function listingKey({ envelope }: TriplineRecord, server: string): string {
  return JSON.stringify([envelope.tenant, envelope.actor?.credential ?? envelope.producer.id, server]);
}
