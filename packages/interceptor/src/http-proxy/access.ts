import { ActorMemory } from "../core/actor.ts";
import type { RedactionKeySource } from "../core/current-redactor.ts";
import { printableName } from "../core/printable.ts";
import type { DenyList } from "../deny-list/deny-list.ts";
import type { AccessCheck } from "./options.ts";

/**
 * The deny list, asked about whole requests: no tool is looked for, so only revoked credentials, sessions, agents,
 * principals and servers are found.
 * @param redactionKeys the keys that principals' subject ids are made with, as the interceptor has them
 */
export function denyListAccess(denyList: DenyList, redactionKeys: RedactionKeySource): AccessCheck {
  const actors = new ActorMemory();
  const listeners = new Set<() => void>();
  denyList.onApplied(({ entry }) => {
    if (entry.state !== "active") return;
    for (const listener of listeners) listener();
  });
  return {
    refusal({ caller, session, server }) {
      if (denyList.size === 0) return null;
      const { actor, principals } = actors.of(caller, redactionKeys());
      const name = printableName(server) ?? "unnamed";
      const entry = denyList.check({
        credential: actor.credential,
        session: printableName(session.id),
        agent: actor.agent,
        principals,
        server: name,
        tool: `${name}/`,
      });
      return entry === null ? null : { revocationId: entry.id, scope: entry.scope, reason: entry.reason };
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
