import { type ArgumentRole, roleOfArgument, roleWithin } from "../knowledge/argument-role.ts";
import { detached } from "../text/detached.ts";

/** One scalar of a call's arguments. */
export interface Argument {
  /** Names joined by dots, list positions left out: `to`, `message.recipients`. */
  path: string;
  text: string;
  role: ArgumentRole;
}

const MAX_ARGUMENTS = 256; // scalars of one call; the rest is not looked at
const MAX_DEPTH = 8;

const NO_ROLES: ReadonlyMap<string, ArgumentRole> = new Map();

/**
 * Flattens arguments. Arguments that were cut (a string of JSON text) are one scalar without a name.
 * @param roles what arguments are for, by name, where it is known better than from the name
 */
export function argumentsOf(args: unknown, roles = NO_ROLES): Argument[] {
  const found: Argument[] = [];
  collect(args, "", "other", 0, roles, found);
  return found;
}

/** The texts of every scalar at or below the argument of this path; undefined when there is none. */
export function argumentsBelow(args: readonly Argument[], path: string): readonly string[] | undefined {
  let found: string[] | undefined;
  for (const argument of args) {
    if (!isBelow(argument.path, path)) continue;
    found ??= [];
    found.push(argument.text);
  }
  return found;
}

function isBelow(path: string, above: string): boolean {
  return path.startsWith(above) && (path.length === above.length || path[above.length] === ".");
}

function collect(
  value: unknown,
  path: string,
  role: ArgumentRole,
  depth: number,
  roles: ReadonlyMap<string, ArgumentRole>,
  into: Argument[],
): void {
  if (into.length >= MAX_ARGUMENTS || value === null || value === undefined) return;
  if (typeof value !== "object") {
    into.push({ path, text: typeof value === "string" ? value : String(value), role });
    return;
  }
  if (depth >= MAX_DEPTH) {
    into.push({ path, text: JSON.stringify(value), role });
    return;
  }
  if (Array.isArray(value)) {
    for (const member of value) collect(member, path, role, depth + 1, roles, into);
    return;
  }
  if (!isMap(value)) return;
  for (const key of Object.keys(value)) {
    const own = (roles.size === 0 ? undefined : roles.get(key)) ?? roleOfArgument(key);
    const below = path === "" ? key : `${path}.${key}`;
    collect(value[key], below, roleWithin(role, own), depth + 1, roles, into);
  }
}

function isMap(value: object): value is Record<string, unknown> {
  return !Array.isArray(value); // what comes from JSON is one or the other
}

const MAX_KEPT_CHARS = 1024; // of one string, while its call is in flight
const MAX_KEPT_KEY_CHARS = 256;
const MAX_KEPT_MEMBERS = 64;

/** Arguments as they are safe to keep in state until the call ends: strings, lists and depth are cut, in a copy then. */
export function keptArguments(args: unknown): unknown {
  return isSmall(args) ? args : cutArguments(args, 0);
}

/** Whether nothing of them would be cut, as far as that is seen at once: one map of short texts and other scalars. */
function isSmall(args: unknown): boolean {
  if (args === null || typeof args !== "object" || Array.isArray(args)) return false;
  let members = 0;
  for (const [key, member] of Object.entries(args)) {
    members += 1;
    if (members > MAX_KEPT_MEMBERS || key.length > MAX_KEPT_KEY_CHARS) return false;
    if (typeof member === "string" ? member.length > MAX_KEPT_CHARS : typeof member === "object")
      return false;
  }
  return true;
}

function cutArguments(args: unknown, depth: number): unknown {
  if (typeof args === "string") return kept(args, MAX_KEPT_CHARS);
  if (args === null || typeof args !== "object") return args;
  if (depth >= MAX_DEPTH) return null;
  if (Array.isArray(args))
    return args.slice(0, MAX_KEPT_MEMBERS).map((member) => cutArguments(member, depth + 1));
  return Object.fromEntries(
    Object.entries(args)
      .slice(0, MAX_KEPT_MEMBERS)
      .map(([key, member]) => [kept(key, MAX_KEPT_KEY_CHARS), cutArguments(member, depth + 1)]),
  );
}

function kept(text: string, chars: number): string {
  return text.length > chars ? detached(text.slice(0, chars)) : text;
}
