import { OWN_PRODUCERS } from "@tripline/events";
import type { LogRecord } from "@tripline/stream";
import { z } from "zod";
import { ActiveKeys } from "./active-keys.ts";
import { Applied } from "./applied.ts";
import { InFlightCalls } from "./in-flight.ts";
import { bootKey, Interceptors } from "./interceptors.ts";
import { callIdOf, envelopeBytes, typeOf } from "./record-bytes.ts";
import { COURSE_KINDS, courseKind, SeenDecisions } from "./seen-decisions.ts";
import { parseWatched, WATCHED_TYPES } from "./watched-record.ts";

/** What one record told that somebody may wait for. */
export type News =
  | {
      kind: "applied";
      tenant: string;
      revocationId: string;
      producer: string;
      state: "active" | "reinstated";
      /** By the interceptor's clock, ms since the epoch. */
      at: number;
      /** ms since the epoch */
      appendedAt: number;
    }
  | {
      kind: "decision";
      tenant: string;
      revocationId: string;
      what: (typeof COURSE_KINDS)[number];
      appendedAt: number;
    }
  /** An interceptor refused further entries that no pinned key had signed. */
  | { kind: "rejected"; tenant: string; producer: string; boot: string; entries: number; appendedAt: number };

/**
 * One partition of the events topic as the responder has to know it. Ordinary calls cost a look at their key and headers and a search
 * for the call's id; only heartbeats, what was applied and our own decisions are parsed. No clock: append times and the records decide.
 */
export class PartitionWatch {
  readonly interceptors = new Interceptors();
  readonly inFlight = new InFlightCalls();
  readonly activeKeys = new ActiveKeys();
  readonly applied = new Applied();
  readonly decisions = new SeenDecisions();
  /** The next offset that was not looked at. */
  next = 0;

  /** @returns news, for the few records that are any */
  take(record: LogRecord): News | null {
    this.next = record.offset + 1;
    const type = typeOf(record);
    const { key, value, appendTime } = record;
    if (key === null || value === null) return null;
    if (type === "call") {
      this.activeKeys.seen(key, appendTime);
      if (this.inFlight.size > 0) {
        const id = callIdOf(value);
        if (id !== null) this.inFlight.ended(id);
      }
      return null;
    }
    if (type === "call.intent") {
      this.activeKeys.seen(key, appendTime);
      const id = callIdOf(value);
      const envelope = envelopeBytes(value);
      if (id !== null && envelope !== null)
        this.inFlight.begun(id, { key, envelope, appendedAt: appendTime });
      return null;
    }
    return WATCHED_TYPES.has(type) ? this.#watched(record) : null;
  }

  #watched(record: LogRecord): News | null {
    const watched = parseWatched(record);
    if (watched === null) return null;
    const { tenant, producer } = watched;
    const { appendTime } = record;
    const boot = { tenant, producer: producer.id, boot: producer.boot };
    switch (watched.type) {
      case "heartbeat":
        // Tripline's services write records of their own, and refuse nothing. Nobody else can have these names.
        if (OWN_PRODUCERS.has(boot.producer)) return null;
        if (watched.heartbeat.goodbye) {
          this.interceptors.ended(boot);
          return null;
        }
        return this.#heartbeat(boot, producer.enforcement === "advisory", watched.heartbeat, appendTime);
      case "revocation.applied": {
        const { id, state, at } = watched.applied;
        const known = this.interceptors.get(bootKey(boot));
        this.interceptors.heard(
          { ...known, ...boot, advisory: producer.enforcement === "advisory" },
          appendTime,
        );
        if (!this.applied.add(tenant, id, `${boot.producer}/${boot.boot}`, state, at)) return null;
        const applied = { tenant, revocationId: id, producer: boot.producer, state, at: Date.parse(at) };
        return { kind: "applied", ...applied, appendedAt: appendTime };
      }
      case "decision": {
        const { kind, revocation_id, alert_id, interceptors } = watched.decision;
        const what = courseKind(kind);
        if (what === undefined || revocation_id === undefined) return null;
        this.decisions.add(tenant, revocation_id, {
          kind: what,
          ...(alert_id === undefined ? {} : { alertId: alert_id }),
          interceptors: (interceptors ?? []).map(({ producer, boot }) => `${producer}/${boot}`),
          at: appendTime,
        });
        return { kind: "decision", tenant, revocationId: revocation_id, what, appendedAt: appendTime };
      }
    }
  }

  #heartbeat(
    boot: { tenant: string; producer: string; boot: string },
    advisory: boolean,
    heartbeat: { deny_list?: { status: string; rejected: number } | undefined },
    appendedAt: number,
  ): News | null {
    const list = heartbeat.deny_list;
    const before = this.interceptors.get(bootKey(boot))?.rejected ?? 0;
    const said = list === undefined ? {} : { denyList: list.status, rejected: list.rejected };
    this.interceptors.heard({ ...boot, advisory, ...said }, appendedAt);
    const entries = (list?.rejected ?? 0) - before;
    return entries > 0 ? { kind: "rejected", ...boot, entries, appendedAt } : null;
  }

  snapshot(): Uint8Array {
    const state: State = {
      v: 1,
      next: this.next,
      interceptors: this.interceptors.all(),
      in_flight: this.inFlight.entries(),
      active_keys: this.activeKeys.entries(),
      applied: this.applied.entries(),
      decisions: this.decisions.entries(),
    };
    return new TextEncoder().encode(JSON.stringify(state));
  }

  /** Takes over what `snapshot` gave. @throws ZodError when it did not */
  restore(bytes: Uint8Array): void {
    const state = stateSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    this.next = state.next;
    this.interceptors.restore(state.interceptors);
    this.inFlight.restore(state.in_flight);
    this.activeKeys.restore(state.active_keys);
    this.applied.restore(state.applied);
    this.decisions.restore(state.decisions);
  }
}

const stateSchema = z.object({
  v: z.literal(1),
  next: z.number(),
  interceptors: z.array(
    z.object({
      tenant: z.string(),
      producer: z.string(),
      boot: z.string(),
      advisory: z.boolean(),
      firstSeen: z.number(),
      lastSeen: z.number(),
      denyList: z.string().exactOptional(),
      rejected: z.number().exactOptional(),
    }),
  ),
  in_flight: z.array(z.tuple([z.string(), z.string(), z.number(), z.string()])),
  active_keys: z.array(z.tuple([z.string(), z.array(z.tuple([z.number(), z.number()]))])),
  applied: z.array(
    z.tuple([
      z.string(),
      z.array(
        z.tuple([
          z.string(),
          z.object({ active: z.string().exactOptional(), reinstated: z.string().exactOptional() }),
        ]),
      ),
    ]),
  ),
  decisions: z.array(
    z.tuple([
      z.string(),
      z.array(
        z.object({
          kind: z.enum(COURSE_KINDS),
          alertId: z.string().exactOptional(),
          interceptors: z.array(z.string()),
          at: z.number(),
        }),
      ),
    ]),
  ),
});
type State = z.input<typeof stateSchema>;
