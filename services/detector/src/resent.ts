import type { TriplineRecord } from "@tripline/events";
import { z } from "zod";

const MAX_BOOTS = 10_000; // producers' runs that are remembered; the longest silent goes
const MAX_IDS = 10_000; // of one boot: more than two batches of what a producer can send again at once

export const resentState = z.array(
  z.tuple([z.string(), z.object({ highest: z.number(), ids: z.array(z.number()) })]),
);

interface Boot {
  highest: number;
  ids: Set<number>;
}

/**
 * Recognises what a producer sent twice: at or below the highest seq of its boot, and known. What is at or below it but
 * unknown came late and is judged.
 */
export class ResentFilter {
  readonly #boots = new Map<string, Boot>();

  isResent({ envelope }: TriplineRecord): boolean {
    const { id, boot: bootId, seq } = envelope.producer;
    const key = `${envelope.tenant} ${id} ${bootId}`;
    const boot = this.#boots.get(key) ?? { highest: -1, ids: new Set<number>() };
    const recordId = numberOf(envelope.id);
    if (seq <= boot.highest && boot.ids.has(recordId)) return true;
    boot.highest = Math.max(boot.highest, seq);
    boot.ids.add(recordId);
    if (boot.ids.size > MAX_IDS) forgetFirst(boot.ids);
    this.#boots.delete(key);
    this.#boots.set(key, boot);
    if (this.#boots.size > MAX_BOOTS) forgetFirst(this.#boots);
    return false;
  }

  save(): z.infer<typeof resentState> {
    return [...this.#boots].map(([key, { highest, ids }]) => [key, { highest, ids: [...ids] }]);
  }

  load(saved: z.infer<typeof resentState>): void {
    for (const [key, { highest, ids }] of saved) this.#boots.set(key, { highest, ids: new Set(ids) });
  }
}

const RANDOM_DIGITS = 12; // the last 48 bits of a UUIDv7 are random, and fit a number exactly

function numberOf(id: string): number {
  return Number.parseInt(id.slice(-RANDOM_DIGITS), 16);
}

function forgetFirst<K>(entries: { keys(): Iterator<K, undefined>; delete(key: K): boolean }): void {
  const first = entries.keys().next();
  if (first.done !== true) entries.delete(first.value);
}
