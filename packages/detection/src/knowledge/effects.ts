/** What a call may do that matters to somebody. A set of effects is a bit mask of `1 << index`. */
export const EFFECTS = [
  "reads_private", // brings in what only the owner should see: files, mail, tables, calendars
  "reads_secret", // brings in a key, a password or a token
  "reads_untrusted", // brings in text that a stranger may have written: web pages, mail, issues, chat
  "external_sink", // lets data leave the machine or the organisation
  "money", // moves money
  "destructive", // deletes or ends something
  "identity", // changes who may do what: passwords, permissions, members
  "code", // runs code or a command
  "write", // changes something, none of the above
] as const;
export type Effect = (typeof EFFECTS)[number];

/** What kind of act the tool's name and description speak of. A set of classes is a bit mask of `1 << index`. */
export const TOOL_CLASSES = [
  "read",
  "send",
  "post",
  "pay",
  "create",
  "update",
  "delete",
  "invite",
  "share",
  "schedule",
  "cancel",
  "execute",
  "merge",
  "other",
] as const;
export type ToolClass = (typeof TOOL_CLASSES)[number];

export function effectBit(effect: Effect): number {
  return 1 << EFFECTS.indexOf(effect);
}

export function classBit(toolClass: ToolClass): number {
  return 1 << TOOL_CLASSES.indexOf(toolClass);
}

export function namesOf<T extends string>(names: readonly T[], mask: number): T[] {
  return names.filter((_name, index) => (mask & (1 << index)) !== 0);
}

/** Effects that change something outside the agent's head. */
export const ACTING =
  effectBit("money") |
  effectBit("destructive") |
  effectBit("identity") |
  effectBit("code") |
  effectBit("write") |
  effectBit("external_sink");
