import { type Envelope, type RedactionKey, subjectId } from "@tripline/events";
import type { Caller } from "../interceptor.ts";
import { printableName, printableNames, validCredential } from "./printable.ts";

const MAX_ROLES = 64;
const MAX_DELEGATION = 16;

/** A caller as records and the deny list know it. */
export interface KnownActor {
  actor: NonNullable<Envelope["actor"]>;
  /** The principal's subject ids under every key that is still in use, for the deny list. */
  principals: readonly string[];
  /** Subject id -> name, for the payload. */
  names: Readonly<Record<string, string>> | undefined;
}

/** Derives the actor once for each caller object and set of redaction keys. */
export class ActorMemory {
  #known = new WeakMap<Caller, KnownActor>();
  #keys: readonly RedactionKey[] | null = null;

  /** @param keys the current key first */
  of(caller: Caller, keys: readonly RedactionKey[]): KnownActor {
    if (keys !== this.#keys) {
      this.#keys = keys;
      this.#known = new WeakMap();
    }
    const known = this.#known.get(caller);
    if (known !== undefined) return known;
    const made = knownActor(caller, keys);
    this.#known.set(caller, made);
    return made;
  }
}

function knownActor(caller: Caller, keys: readonly RedactionKey[]): KnownActor {
  const name = caller.principal;
  const principals = name === undefined || name === "" ? [] : keys.map((key) => subjectId(key, name));
  const [principal] = principals;
  const credential = validCredential(caller.credential);
  return {
    actor: {
      principal,
      agent: printableName(caller.agent),
      client: printableName(caller.client),
      credential,
      token_id: printableName(caller.tokenId),
      assurance: credential === undefined ? "unknown" : caller.assurance,
      team: printableName(caller.team),
      roles: printableNames(caller.roles, MAX_ROLES),
      delegation: printableNames(caller.delegation, MAX_DELEGATION),
    },
    principals,
    names: principal === undefined || name === undefined ? undefined : { [principal]: name },
  };
}
