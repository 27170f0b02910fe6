import { hash } from "node:crypto";
import { canonicalJson, type Severity } from "@tripline/events";
import { BoundedMap } from "../engine/bounded-map.ts";
import type { ArgumentRole } from "./argument-role.ts";
import { classBit, type Effect, effectBit, type ToolClass } from "./effects.ts";
import { globTest } from "./glob.ts";
import type { ManifestContent, ManifestServer, ManifestTool } from "./manifest-schema.ts";
import type { ToolProfile } from "./tool-profile.ts";

/** All that the manifest says of one tool on one server; later entries win over earlier ones. */
export interface ToolEntry {
  readonly risk?: Severity;
  readonly limits: { calls_per_minute?: number; max_args_bytes?: number; max_result_bytes?: number };
  /** Hash of the only approved definition. */
  readonly definition?: string;
  /** The profile as the operator corrects it. */
  corrected(profile: ToolProfile): ToolProfile;
}

/** What the operator says of servers, tools and destinations. Part of what rules mean: see `hash`. */
export interface Manifest {
  /** Changes with everything that it says. Empty for no manifest. */
  readonly hash: string;
  readonly internalHosts: readonly string[];
  readonly approvedServers: readonly string[];
  /** Null where the manifest does not list the approved ones. */
  isApproved(server: string): boolean | null;
  isTrusted(server: string): boolean;
  ownerOf(server: string): string | undefined;
  /** Null where the manifest does not list the known ones. `value` as `Destination` has it. */
  isKnownDestination(destination: { host: string; value: string }): boolean | null;
  entryOf(server: string, tool: string): ToolEntry;
}

interface CompiledServer {
  matches(server: string): boolean;
  about: ManifestServer;
  tools: { matches(tool: string): boolean; about: ManifestTool }[];
}

const MAX_ENTRIES = 4096; // tools whose entry is remembered; a matter of speed
const MAX_KEY_CHARS = 512; // of a server and a tool; longer ones are captured text and worked out each time

export function manifestOf(content: ManifestContent): Manifest {
  const servers: CompiledServer[] = content.servers.map((about) => ({
    matches: globTest(about.match),
    about,
    tools: about.tools.map((tool) => ({ matches: globTest(tool.match), about: tool })),
  }));
  const approved = content.approved_servers === undefined ? null : globTest(content.approved_servers);
  const entries = new BoundedMap<ToolEntry>(MAX_ENTRIES);
  const last = <T>(server: string, pick: (about: ManifestServer) => T | undefined): T | undefined => {
    for (const each of servers.toReversed()) {
      const said = pick(each.about);
      if (said !== undefined && each.matches(server)) return said;
    }
    return undefined;
  };
  return {
    hash: hash("sha256", canonicalJson(content), "hex"),
    internalHosts: content.internal_hosts.map((host) => host.toLowerCase()),
    approvedServers: content.approved_servers ?? [],
    isApproved: (server) => (approved === null ? null : approved(server)),
    isTrusted: (server) => last(server, ({ trust_annotations }) => trust_annotations) === true,
    ownerOf: (server) => last(server, ({ owner }) => owner),
    isKnownDestination({ host, value }) {
      if (content.known_destinations === undefined) return null;
      return content.known_destinations.some((known) => {
        const name = known.toLowerCase();
        return name.includes("@") ? value === name : host === name || host.endsWith(`.${name}`);
      });
    },
    entryOf(server, tool) {
      if (servers.length === 0) return NO_ENTRY;
      const short = server.length + tool.length <= MAX_KEY_CHARS;
      const key = short ? JSON.stringify([server, tool]) : "";
      const remembered = short ? entries.get(key) : undefined;
      if (remembered !== undefined) return remembered;
      const matching = servers.filter((each) => each.matches(server));
      const entry = entryOf(
        matching.flatMap(({ tools }) => tools.filter((each) => each.matches(tool)).map(({ about }) => about)),
        last(server, ({ risk }) => risk),
      );
      if (short) entries.set(key, entry);
      return entry;
    },
  };
}

const NO_ENTRY: ToolEntry = entryOf([], undefined);

/** No manifest: nothing is said of anything. */
export const NO_MANIFEST: Manifest = {
  ...manifestOf({ manifest: 1, internal_hosts: [], servers: [] }),
  hash: "",
};

function entryOf(abouts: readonly ManifestTool[], serverRisk: Severity | undefined): ToolEntry {
  const risk = abouts.findLast((each) => each.risk !== undefined)?.risk ?? serverRisk;
  const definition = abouts.findLast((each) => each.definition !== undefined)?.definition;
  return {
    ...(risk === undefined ? {} : { risk }),
    ...(definition === undefined ? {} : { definition }),
    limits: Object.assign({}, ...abouts.map(({ limits }) => limits ?? {})),
    corrected: abouts.length === 0 ? (profile) => profile : (profile) => abouts.reduce(correctedBy, profile),
  };
}

function correctedBy(profile: ToolProfile, about: ManifestTool): ToolProfile {
  const roles = new Map<string, ArgumentRole>([
    ...(profile.roles ?? []),
    ...Object.entries(about.arguments ?? {}),
  ]);
  return {
    effects: corrected(profile.effects, about.effects, (name: Effect) => effectBit(name)),
    classes: corrected(profile.classes, about.classes, (name: ToolClass) => classBit(name)),
    acts: about.acts ?? profile.acts,
    ...(roles.size === 0 ? {} : { roles }),
  };
}

function corrected<T>(
  mask: number,
  correction: { add: T[]; remove: T[] } | undefined,
  bit: (name: T) => number,
): number {
  if (correction === undefined) return mask;
  const added = correction.add.reduce((all, name) => all | bit(name), mask);
  return correction.remove.reduce((all, name) => all & ~bit(name), added);
}
