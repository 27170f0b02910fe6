import { hash } from "node:crypto";
import type { TriplineRecord } from "@tripline/events";
import { z } from "zod";
import { ARGUMENT_ROLES } from "../knowledge/argument-role.ts";
import { type Manifest, NO_MANIFEST } from "../knowledge/manifest.ts";
import { profileOfDefinition, profileOfName, type ToolProfile } from "../knowledge/tool-profile.ts";
import type { StateTable } from "../state/state-table.ts";
import type { StateTables } from "../state/state-tables.ts";
import { BoundedMap } from "./bounded-map.ts";

const MAX_LISTINGS = 5000; // servers as each credential sees them
const MAX_TOOLS = 1000; // of one listing, as in the record
const MAX_NAMES = 4096; // names and definitions whose profile is remembered; a matter of speed

const profileState = z.object({
  effects: z.number(),
  classes: z.number(),
  acts: z.boolean(),
  roles: z
    .array(z.tuple([z.string(), z.enum(ARGUMENT_ROLES)]))
    .transform((roles) => new Map(roles))
    .optional(),
});
const listingState = z.array(z.tuple([z.string(), profileState]));

/**
 * What servers said about their tools, for each credential apart: a listing one credential saw must not change what
 * is found for another, or alerts would depend on who shares a partition.
 */
export class ToolKnowledge {
  readonly #listings: StateTable<Map<string, ToolProfile>>;
  readonly #byName = new BoundedMap<ToolProfile>(MAX_NAMES);
  readonly #byDefinition = new BoundedMap<ToolProfile>(MAX_NAMES);

  readonly #manifest: Manifest;
  readonly #isTrusted: (server: string) => boolean;

  /** @param isTrusted whether a server's own annotations are believed */
  constructor(
    tables: StateTables,
    isTrusted: (server: string) => boolean = () => false,
    manifest: Manifest = NO_MANIFEST,
  ) {
    this.#manifest = manifest;
    this.#isTrusted = isTrusted;
    this.#listings = tables.table<Map<string, ToolProfile>>(
      "listings",
      {
        encode: (tools) => [...tools].map(([name, profile]) => [name, encoded(profile)]),
        decode: (json) => new Map(listingState.parse(json)),
      },
      { limit: MAX_LISTINGS, what: "listings" },
    );
  }

  /** Learns from a `tools.listed` record. Pages of one listing add up. */
  learn(record: TriplineRecord, isTrusted = this.#isTrusted): void {
    const definitions = record.payload?.definitions;
    const server = record.envelope.target?.server;
    if (definitions === undefined || server === undefined) return;
    const key = listingKey(record, server);
    const trusted = isTrusted(server);
    const tools = this.#listings.use(key) ?? new Map<string, ToolProfile>();
    for (const definition of definitions.slice(0, MAX_TOOLS)) {
      if (definition === null || typeof definition !== "object") continue;
      const fields: Record<string, unknown> = { ...definition };
      if (typeof fields.name !== "string") continue;
      if (tools.size >= MAX_TOOLS && !tools.has(fields.name)) break;
      tools.set(fields.name, this.#profileOfDefinition(fields, trusted, server));
    }
    this.#listings.set(key, tools);
  }

  /** What the server of a call said of its tool, if anything. Counts as a use of its listing. */
  listedOf(record: TriplineRecord): ToolProfile | null {
    const { server, tool } = record.envelope.target ?? {};
    if (tool === undefined || server === undefined || this.#listings.size === 0) return null;
    return this.#listings.use(listingKey(record, server))?.get(tool) ?? null;
  }

  /** @param listed as `listedOf` gave it */
  profileOf(record: TriplineRecord, listed: ToolProfile | null): ToolProfile {
    const { server, tool } = record.envelope.target ?? {};
    if (tool === undefined) return NO_TOOL;
    const profile = listed ?? this.#profileOfName(tool);
    return server === undefined ? profile : this.#manifest.entryOf(server, tool).corrected(profile);
  }

  #profileOfName(tool: string): ToolProfile {
    const known = this.#byName.get(tool);
    if (known !== undefined) return known;
    const profile = profileOfName(tool);
    this.#byName.set(tool, profile);
    return profile;
  }

  /** Every session lists the same definitions again: each is read once. */
  #profileOfDefinition(definition: Record<string, unknown>, trusted: boolean, server: string): ToolProfile {
    const key = hash("sha256", JSON.stringify([server, trusted, definition]), "base64");
    const known = this.#byDefinition.get(key);
    if (known !== undefined) return known;
    const profile = profileOfDefinition(definition, trusted, server);
    this.#byDefinition.set(key, profile);
    return profile;
  }
}

function encoded({ roles, ...profile }: ToolProfile): unknown {
  return roles === undefined ? profile : { ...profile, roles: [...roles] };
}

const NO_TOOL: ToolProfile = { effects: 0, classes: 0, acts: false };

const PLAIN = /^[ !#-[\]-~]*$/; // ASCII without quote, backslash and control characters

function listingKey({ envelope }: TriplineRecord, server: string): string {
  const { tenant } = envelope;
  const who = envelope.actor?.credential ?? envelope.producer.id;
  // What JSON.stringify writes, where nothing needs an escape: this runs for every record.
  const plain = PLAIN.test(tenant) && PLAIN.test(who) && PLAIN.test(server);
  return plain ? `["${tenant}","${who}","${server}"]` : JSON.stringify([tenant, who, server]);
}
