/**
 * How deep a record's JSON may be nested, from its top. Interceptors cut arguments at 64 levels; what other producers
 * send may go deeper, but not so deep that whether it can be handled depends on how much of the stack is in use.
 */
export const MAX_RECORD_DEPTH = 128;

/** Whether a parsed JSON value is nested deeper than `levels`. Looks no deeper than that. */
export function isNestedDeeper(value: unknown, levels: number = MAX_RECORD_DEPTH): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (const member of members) {
    if (typeof member === "object" && isNestedDeeper(member, levels - 1)) return true;
  }
  return false;
}
