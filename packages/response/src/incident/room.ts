import type { Bounds } from "./bounds.ts";
import type { IncidentState } from "./incident-state.ts";
import type { IncidentBook } from "./rows.ts";

/** The open incident that has to be closed before one more of the tenant is opened: its own first, so that no tenant is pushed out by another's. */
export function victimFor(book: IncidentBook, tenant: string, bounds: Bounds): IncidentState | undefined {
  const { open } = book;
  if (open.size < bounds.openOfTenant && open.size < bounds.open) return undefined;
  const own = [...open.entries()].filter(([, { incident }]) => incident.tenant === tenant);
  if (own.length >= bounds.openOfTenant || (open.size >= bounds.open && own.length > 0)) return own[0]?.[1];
  if (open.size < bounds.open) return undefined;
  const [oldest] = open.entries();
  return oldest?.[1];
}

/** Closed ones beyond the bound are forgotten, the longest unchanged first; the store still has them. */
export function forgetClosed({ closed, latest }: IncidentBook, bounds: Bounds): void {
  for (const [id, { incident }] of closed.entries()) {
    if (closed.size <= bounds.closed) return;
    closed.delete(id);
    const group = groupKey(incident);
    if (latest.peek(group) === id) latest.delete(group);
  }
}

/** What has one incident at a time. */
export function groupKey({
  tenant,
  rule,
  subject,
}: {
  tenant: string;
  rule: { id: string };
  subject: string;
}): string {
  return JSON.stringify([tenant, rule.id, subject]);
}
