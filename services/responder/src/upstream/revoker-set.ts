import type { Revocation } from "@tripline/events";
import type { RevocationTarget, Revoker } from "@tripline/response";
import { Gate } from "./gate.ts";

const AT_ONCE = 4; // requests to one issuer: an incident's keys within seconds, and no flood

/** The revokers that are configured now, each with the queue before its issuer. */
export class RevokerSet {
  readonly #held = new Map<string, { revoker: Revoker; gate: Gate }>();

  /** Those in force from now on. What waits for an issuer goes on waiting in the same queue. */
  use(revokers: readonly Revoker[]): void {
    const gates = new Map([...this.#held].map(([name, { gate }]) => [name, gate]));
    this.#held.clear();
    for (const revoker of revokers) {
      this.#held.set(revoker.name, { revoker, gate: gates.get(revoker.name) ?? new Gate(AT_ONCE) });
    }
  }

  get size(): number {
    return this.#held.size;
  }

  get(name: string): { revoker: Revoker; gate: Gate } | undefined {
    return this.#held.get(name);
  }

  /** Names of those that are for the entry's credential; several may be, as an issuer and who else is told. */
  for(entry: Revocation): string[] {
    return [...this.#held]
      .filter(([, { revoker }]) => revoker.handles(targetOf(entry)))
      .map(([name]) => name);
  }
}

/** What a revoker is told of an entry. */
export function targetOf(entry: Revocation): RevocationTarget {
  const { id, tenant, scope, subject, by, reason, decided_at: decidedAt } = entry;
  return { id, tenant, scope, subject, by, reason, decidedAt };
}
