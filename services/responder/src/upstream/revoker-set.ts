import { readFileSync } from "node:fs";
import type { Revocation } from "@tripline/events";
import {
  createRevoker,
  type Http,
  type ResponseConfig,
  type Revoker,
  type RevokerConfig,
  type RevokerDeps,
} from "@tripline/response";
import { Gate } from "./gate.ts";

const AT_ONCE = 4; // requests to one issuer: an incident's keys within seconds, and no flood

export interface RevokerSetDeps {
  http: Http;
  secret: RevokerDeps["secret"];
  /** ms since the epoch */
  now(): number;
}

/** The revokers of a response.yaml, ready to be used. Those whose settings did not change keep their sessions and queue. */
export class RevokerSet {
  readonly #held = new Map<string, { config: string; revoker: Revoker; gate: Gate }>();

  /** @throws TriplineError when a secret of one can't be read; the set is then as before */
  use(config: Pick<ResponseConfig, "revokers">, deps: RevokerSetDeps): void {
    const next = config.revokers.map((settings) => [settings.name, this.#made(settings, deps)] as const);
    this.#held.clear();
    for (const [name, made] of next) this.#held.set(name, made);
  }

  get size(): number {
    return this.#held.size;
  }

  get(name: string): { revoker: Revoker; gate: Gate } | undefined {
    return this.#held.get(name);
  }

  /** Names of those that are for the entry's credential; several may be, as an issuer and who else is told. */
  for(entry: Revocation): string[] {
    const { id, tenant, scope, subject, by, reason, decided_at: decidedAt } = entry;
    const target = { id, tenant, scope, subject, by, reason, decidedAt };
    return [...this.#held].filter(([, { revoker }]) => revoker.handles(target)).map(([name]) => name);
  }

  #made(settings: RevokerConfig, { http, secret, now }: RevokerSetDeps) {
    const known = this.#held.get(settings.name);
    const config = JSON.stringify(settings);
    const revoker = createRevoker(settings, { http, secret, file, now });
    return { config, revoker, gate: known?.config === config ? known.gate : new Gate(AT_ONCE) };
  }
}

function file(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EACCES")) {
      return undefined;
    }
    throw error;
  }
}
