import type { Argument } from "../record/arguments.ts";
import { type Destination, destinationsIn, leavesTheMachine } from "../text/destinations.ts";
import { kindOfToken, redactionTokensIn } from "../text/features.ts";
import { effectBit } from "./effects.ts";
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

const NETWORK_COMMAND = /\b(?:curl|wget|nc|ncat|netcat|ssh|scp|sftp|rsync|ftp|telnet|git\s+push|http)\b/;
const READ_COMMAND = /\b(?:cat|less|more|head|tail|grep|awk|sed|cp|base64|xxd|strings|source|open|read)\b/;
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
    if (role === "destination" || role === "code") {
      const external = destinationsIn(scanned).filter(
        (found) =>
          (found.kind === "url" || (found.kind === "email" && profile.acts && role === "destination")) &&
          leavesTheMachine(found, internalHosts),
      );
      targets.push(...external);
      if (external.length > 0 && (role === "destination" || NETWORK_COMMAND.test(scanned))) {
        effects |= effectBit("external_sink");
      }
      if (role === "destination")
        targets.push(...destinationsIn(scanned).filter(({ kind }) => kind === "account"));
    }
    if (role === "code") effects |= effectBit("code");
    if (role === "path" && !profile.acts) effects |= effectBit("reads_private");
    const path =
      role === "path" || role === "code" || role === "other" || role === "destination"
        ? secretPathIn(scanned)
        : null;
    if (path !== null) {
      secretPath ??= path;
      if (role === "code" ? READ_COMMAND.test(scanned) : !profile.acts) effects |= effectBit("reads_secret");
    }
  }
  return { effects, targets, secretPath };
}

const PERSONAL_KINDS = new Set(["email", "phone", "person", "name", "iban", "card", "address"]);

/** What a result shows of what was read: a redacted secret in it makes any call a reading of secrets. */
export function effectsOfResult(result: string): number {
  let effects = 0;
  for (const token of redactionTokensIn(result)) {
    effects |= effectBit(PERSONAL_KINDS.has(kindOfToken(token)) ? "reads_private" : "reads_secret");
  }
  return effects;
}
