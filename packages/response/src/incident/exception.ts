import type { Alert } from "@tripline/events";

/** What an exception can be about without letting a whole rule go. */
const NARROWING = ["credential", "principal", "agent", "session", "server", "tool"] as const;

/**
 * The narrowest exception that covers what the incident's alert was: the same credential calling the same tool of the same
 * server. Null where the alert names none of them.
 */
export function proposedWhere(alert: Alert): Record<string, string> | null {
  const values = ownValues(alert);
  const where: Record<string, string> = {};
  for (const name of ["credential", "server", "tool"] as const) {
    const value = values[name];
    if (value !== undefined) where[name] = literally(value);
  }
  return Object.keys(where).length === 0 ? null : where;
}

/**
 * A selection as somebody gave it, with the alert's own values taken literally: agents and servers choose names, and one that is
 * called `*` must not except everything.
 */
export function ownValuesLiterally(
  where: Readonly<Record<string, unknown>>,
  alert: Alert,
): Record<string, unknown> {
  const values: Readonly<Record<string, string | undefined>> = ownValues(alert);
  return Object.fromEntries(
    Object.entries(where).map(([key, value]) => [
      key,
      typeof value === "string" && value === values[key] ? literally(value) : value,
    ]),
  );
}

/** Whether it names at least one caller, server or tool as it is, without wildcards: anything else lets a whole rule go. */
export function isNarrow(where: Readonly<Record<string, unknown>>): boolean {
  return NARROWING.some((name) => {
    const value = where[name];
    const values = Array.isArray(value) ? value : [value];
    return (
      values.length > 0 && values.every((each) => typeof each === "string" && each !== "" && isLiteral(each))
    );
  });
}

/** As a value of a Sigma selection: no character of it is a wildcard. */
export function literally(text: string): string {
  return text.replace(/[*?\\]/g, "\\$&");
}

function isLiteral(pattern: string): boolean {
  return !/[*?]/.test(pattern.replace(/\\[*?\\]/g, ""));
}

function ownValues({ actor, session, target }: Alert) {
  return {
    credential: actor?.credential,
    principal: actor?.principal,
    agent: actor?.agent,
    session: session?.id,
    server: target?.server,
    tool: target?.tool,
  };
}
