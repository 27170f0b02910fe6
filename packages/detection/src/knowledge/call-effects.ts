import type { Argument } from "../record/arguments.ts";
import { type Destination, destinationsIn, leavesTheMachine } from "../text/destinations.ts";
import { kindOfToken, redactionTokensIn } from "../text/features.ts";
import type { ArgumentRole } from "./argument-role.ts";
import { effectBit } from "./effects.ts";
import {
  destinationsOfAddress,
  destinationsOfCommand,
  isNetworkCommand,
  namesStore,
  sendsBlindly,
} from "./outbound.ts";
import { PERSONAL_KINDS } from "./personal/personal-kinds.ts";
import { secretPathIn } from "./secret-path.ts";
import type { ToolProfile } from "./tool-profile.ts";

/** What a call's arguments add to what its tool is known for. */
export interface ArgumentEffects {
  effects: number;
  /** Where the call sends something: external addresses in its destination and code arguments. */
  targets: Destination[];
  /** The file that usually holds keys, when an argument names one. */
  secretPath: string | null;
}

const READ_COMMAND = /\b(?:cat|less|more|head|tail|grep|awk|sed|cp|base64|xxd|strings|source|open|read)\b/;
const WHOLE_URL = /^\s*[a-z][a-z0-9+.-]{1,9}:\/\/\S+\s*$/i;
const MAX_ROLE_CHARS = 4096; // of one destination or command

/** @param internalHosts names whose addresses stay inside the organisation */
export function effectsOfArguments(
  profile: ToolProfile,
  args: readonly Argument[],
  internalHosts: readonly string[],
): ArgumentEffects {
  let effects = 0;
  let secretPath: string | null = null;
  const targets: Destination[] = [];
  for (const { role, text } of args) {
    if (role === "text" || role === "privilege") continue;
    const scanned = text.length > MAX_ROLE_CHARS ? text.slice(0, MAX_ROLE_CHARS) : text;
    const way = wayOut(role, scanned, profile);
    if (way !== null) {
      const external = way.filter((found) => leaves(found, scanned, profile, role, internalHosts));
      targets.push(...external);
      const contacted = external.some(({ kind }) => kind !== "account");
      if (contacted || (role === "code" && way.length === 0 && sendsBlindly(scanned))) {
        effects |= effectBit("external_sink");
      }
    }
    if (role === "code") {
      effects |= effectBit("code");
      if (way === null) targets.push(...urlsIn(scanned, internalHosts));
    }
    if (role === "path" && !profile.acts) effects |= effectBit("reads_private");
    const path = secretPathIn(scanned);
    if (path !== null) {
      secretPath ??= path;
      if (role === "code" ? READ_COMMAND.test(scanned) : !profile.acts) effects |= effectBit("reads_secret");
    }
  }
  return { effects, targets, secretPath };
}

/** The addresses that an argument of this role makes the tool contact; null where it makes it contact nobody. */
function wayOut(role: ArgumentRole, text: string, profile: ToolProfile): Destination[] | null {
  if (role === "destination") return destinationsOfAddress(text);
  if (role === "code") return isNetworkCommand(text) ? destinationsOfCommand(text) : null;
  // A URL given to a reader is fetched, whatever the argument is called.
  return !profile.acts && role !== "time" && role !== "amount" && WHOLE_URL.test(text)
    ? destinationsOfAddress(text)
    : null;
}

/** URLs that a command names without contacting them: the agent knew them all the same. */
function urlsIn(command: string, internalHosts: readonly string[]): Destination[] {
  return destinationsIn(command).filter(
    (found) => found.kind === "url" && leavesTheMachine(found, internalHosts),
  );
}

function leaves(
  found: Destination,
  text: string,
  profile: ToolProfile,
  role: ArgumentRole,
  internalHosts: readonly string[],
): boolean {
  if (found.kind === "account") return role === "destination";
  // To look an address up is not to write to it.
  if (found.kind === "email" && !(profile.acts && role === "destination")) return false;
  return leavesTheMachine(found, internalHosts) || (namesStore(text) && !internalHosts.includes(found.host));
}

/** What a result shows of what was read: a redacted secret in it makes any call a reading of secrets. */
export function effectsOfResult(result: string): number {
  let effects = 0;
  for (const token of redactionTokensIn(result)) {
    effects |= effectBit(PERSONAL_KINDS.has(kindOfToken(token)) ? "reads_private" : "reads_secret");
  }
  return effects;
}
