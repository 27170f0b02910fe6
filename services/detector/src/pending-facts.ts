import type { StateTable, StateTables } from "@tripline/detection";
import { type Fact, factSchema } from "@tripline/events";
import { z } from "zod";

/** How late a record may reach the log, beside what happened at the same time, and still be judged in its order. */
export const PATIENCE_MS = 2000;
const MAX_FACTS = 50_000; // held at once in one partition
const MAX_BYTES = 64 * 1024 * 1024; // of their JSON

export interface PendingFact {
  /** When it happened, by the record's clock, but never later than when the log took it; ms since the epoch. */
  time: number;
  /** The fact's own place in its partition. */
  offset: number;
  /** Of its JSON. */
  bytes: number;
  fact: Fact;
  /** It was copied from the log's earlier generation, where it has had its effects. */
  copied: boolean;
}

const pendingState = z.object({
  offset: z.number(),
  bytes: z.number(),
  fact: factSchema,
  copied: z.boolean(),
});
const releasedState = z.number();
const RELEASED = "released";

/**
 * Facts that wait until all that happened before them is here too: they come from many partitions of the events topic, in
 * an order that depends on how many there are. They go on in the order of time, then record id, then group.
 */
export class PendingFacts {
  readonly #tables: StateTables;
  readonly #saved: StateTable<PendingFact>;
  readonly #released: StateTable<number>;
  /** In order. */
  #facts: PendingFact[] = [];
  #bytes = 0;

  constructor(tables: StateTables) {
    this.#tables = tables;
    this.#saved = tables.table<PendingFact>("pending", {
      encode: ({ offset, bytes, fact, copied }) => ({ offset, bytes, fact, copied }),
      decode: (json) => {
        const pending = pendingState.parse(json);
        return { ...pending, time: timeOf(pending.fact) };
      },
    });
    this.#released = tables.table<number>("released", {
      encode: (time) => time,
      decode: (json) => releasedState.parse(json),
    });
  }

  get size(): number {
    return this.#facts.length;
  }

  /** The time of the fact that is next; null when none waits. */
  get earliest(): number | null {
    return this.#facts[0]?.time ?? null;
  }

  /** The sets of rules that chose the facts that wait. */
  ruleSets(): Set<string> {
    return new Set(this.#facts.map(({ fact }) => fact.rule_set ?? ""));
  }

  /** When the log took the newest of the records that the facts are of; null when none waits. */
  get newestAppend(): number | null {
    if (this.#facts.length === 0) return null;
    return this.#facts.reduce((newest, { fact }) => Math.max(newest, fact.source.append_time), 0);
  }

  /** Whether what happened at that time has been judged already: the fact comes too late for its place in the order. */
  isLate(time: number): boolean {
    return time <= (this.#released.peek(RELEASED) ?? -1);
  }

  /** Takes a fact. Returns those that have to go on at once, in order, because too many wait. */
  add(pending: PendingFact): PendingFact[] {
    let at = this.#facts.length;
    while (at > 0 && isBefore(pending, this.#facts[at - 1])) at -= 1;
    this.#facts.splice(at, 0, pending);
    this.#saved.set(String(pending.offset), pending);
    this.#bytes += pending.bytes;
    const forced: PendingFact[] = [];
    while (this.#facts.length > MAX_FACTS || this.#bytes > MAX_BYTES) {
      forced.push(...this.#take(1));
      this.#tables.forget("pending_facts");
    }
    return forced;
  }

  /** What goes on when nothing that the log took before `before` can still come. */
  release(before: number): PendingFact[] {
    const until = before - PATIENCE_MS;
    let count = 0;
    while ((this.#facts[count]?.time ?? Number.POSITIVE_INFINITY) <= until) count += 1;
    const taken = this.#take(count);
    if (!this.isLate(until)) this.#released.set(RELEASED, until);
    return taken;
  }

  /** The tables were loaded. */
  loaded(): void {
    this.#facts = [...this.#saved.entries()]
      .map(([, pending]) => pending)
      .sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#bytes = this.#facts.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #take(count: number): PendingFact[] {
    const taken = this.#facts.splice(0, count);
    for (const { offset, bytes } of taken) {
      this.#saved.delete(String(offset));
      this.#bytes -= bytes;
    }
    const last = taken.at(-1);
    if (last !== undefined && !this.isLate(last.time)) this.#released.set(RELEASED, last.time);
    return taken;
  }
}

export function timeOf({ record, source }: Fact): number {
  return Math.min(Date.parse(record.envelope.time), source.append_time);
}

function isBefore(a: PendingFact, b: PendingFact | undefined): boolean {
  if (b === undefined) return false;
  if (a.time !== b.time) return a.time < b.time;
  const first = a.fact.record.envelope.id;
  const second = b.fact.record.envelope.id;
  if (first !== second) return first < second;
  return a.fact.group < b.fact.group;
}
