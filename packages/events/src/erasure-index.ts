import type { Envelope } from "./envelope.ts";
import { coversErasure, type Erasable, erasureOf, type HeldBack, type HoldScope } from "./erasure.ts";
import { OWN_PRODUCERS } from "./own-producers.ts";
import { removedBy } from "./removed-envelopes.ts";

/** A legal hold in force. */
export interface Hold {
  /** Id of the record that began it. */
  id: string;
  tenant: string;
  scope: HoldScope;
  reason: string;
  by: string;
  since: string;
}

/** A name counts as erased until so long after the erasure: what was on its way then still carries it. */
export const NAME_GRACE_MS = 3600 * 1000;

interface OfTenant {
  byId: Map<string, Envelope[]>;
  byPrincipal: Map<string, Envelope[]>;
  bySession: Map<string, Envelope[]>;
  byAge: Envelope[];
  holds: Map<string, Hold>;
  released: Set<string>;
}

/**
 * All erasures and holds, for asking which record covers an envelope. In whatever order they are added, and however
 * often, the answers are the same. Records that Tripline's own services did not write are not taken.
 */
export class ErasureIndex {
  readonly #tenants = new Map<string, OfTenant>();
  readonly #records = new Map<string, Envelope>();

  constructor(records: Iterable<Envelope> = []) {
    for (const record of records) this.add(record);
  }

  /** False for a record that is no erasure, retention or hold, or not one of ours. */
  add(record: Envelope): boolean {
    const { type, tenant, id, retention } = record;
    if ((type !== "erasure" && type !== "retention") || !OWN_PRODUCERS.has(record.producer.id)) return false;
    if (this.#records.has(id)) return true;
    this.#records.set(id, record);
    const of = this.#of(tenant);
    if (retention?.action === "held" && !of.released.has(id)) {
      const { scope, reason, by } = retention;
      of.holds.set(id, { id, tenant, scope, reason, by, since: record.time });
    }
    if (retention?.action === "released") {
      of.released.add(retention.hold);
      of.holds.delete(retention.hold);
    }
    const covers = erasureOf(record)?.covers;
    if (covers === undefined) return true;
    if (covers.kind === "records") for (const covered of covers.ids) push(of.byId, covered, record);
    else if (covers.kind === "principal") push(of.byPrincipal, covers.principal, record);
    else if (covers.kind === "session") push(of.bySession, covers.session, record);
    else of.byAge = withoutNeedless([...of.byAge, record]);
    return true;
  }

  /** Whether anything at all was erased of this tenant: where not, nobody need look further. */
  concerns(tenant: string): boolean {
    return this.#tenants.has(tenant);
  }

  /** A record that covers this envelope's payload; null where none does. */
  covering(about: Erasable): Envelope | null {
    const of = this.#tenants.get(about.tenant);
    if (of === undefined) return null;
    const candidates = [
      ...(of.byId.get(about.id) ?? []),
      ...(of.byPrincipal.get(about.actor?.principal ?? "") ?? []),
      ...(of.bySession.get(about.session?.id ?? "") ?? []),
      ...of.byAge,
    ];
    return candidates.find((record) => coversErasure(record, about)) ?? null;
  }

  /** Whether the name of this subject was erased when it was last seen then. @param seenMs ms since the epoch */
  coversName(tenant: string, subject: string, seenMs: number): boolean {
    const erasures = this.#tenants.get(tenant)?.byPrincipal.get(subject) ?? [];
    return erasures.some(({ erasure }) => {
      const covers = erasure?.covers;
      return covers?.kind === "principal" && seenMs < Date.parse(covers.before) + NAME_GRACE_MS;
    });
  }

  /** Legal holds in force. */
  holds(tenant: string): Hold[] {
    return [...(this.#tenants.get(tenant)?.holds.values() ?? [])];
  }

  /** Of every tenant. */
  allHolds(): Hold[] {
    return [...this.#tenants.keys()].flatMap((tenant) => this.holds(tenant));
  }

  /** The holds in force as a new record names them. */
  heldBack(tenant: string): HeldBack {
    return this.holds(tenant).map(({ id, scope }) => ({ hold: id, scope }));
  }

  record(id: string): Envelope | null {
    return this.#records.get(id) ?? null;
  }

  /** All that were added, oldest first. */
  records(): Envelope[] {
    return [...this.#records.values()].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  }

  /** Those that say that envelopes were removed. */
  removals(): Envelope[] {
    return this.records().filter((record) => removedBy(record) !== null);
  }

  /** Those that cover payloads, without what a later retention covers anyway. Oldest first. */
  effective(): Envelope[] {
    const needless = new Set(this.#records.keys());
    for (const { byAge } of this.#tenants.values()) for (const { id } of byAge) needless.delete(id);
    return this.records().filter((record) => {
      const covers = erasureOf(record)?.covers;
      return covers !== undefined && (covers.kind !== "age" || !needless.has(record.id));
    });
  }

  #of(tenant: string): OfTenant {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    const made: OfTenant = {
      byId: new Map(),
      byPrincipal: new Map(),
      bySession: new Map(),
      byAge: [],
      holds: new Map(),
      released: new Set(),
    };
    this.#tenants.set(tenant, made);
    return made;
  }
}

function push(map: Map<string, Envelope[]>, key: string, record: Envelope): void {
  map.set(key, [...(map.get(key) ?? []), record]);
}

/** Of records by age, those that no other one covers whole: each day's retention makes the day before's needless. */
function withoutNeedless(records: readonly Envelope[]): Envelope[] {
  return records.filter(
    (record, index) =>
      !records.some(
        (other, at) =>
          at !== index && isCoveredBy(record, other) && (!isCoveredBy(other, record) || at > index),
      ),
  );
}

function isCoveredBy(record: Envelope, other: Envelope): boolean {
  const [mine, theirs] = [erasureOf(record), erasureOf(other)];
  if (mine?.covers.kind !== "age" || theirs?.covers.kind !== "age") return false;
  const left = new Set(mine.except.map(({ scope }) => JSON.stringify(scope)));
  return (
    theirs.covers.before >= mine.covers.before &&
    theirs.except.every(({ scope }) => left.has(JSON.stringify(scope))) &&
    namesBefore(other) >= namesBefore(record)
  );
}

function namesBefore({ retention }: Envelope): string {
  return retention?.action === "expired" ? (retention.names_before ?? "") : "";
}
