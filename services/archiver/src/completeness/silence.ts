import { UNNUMBERED_PRODUCERS } from "@tripline/events";
import type { BootActivity, ProducerBoot } from "@tripline/store";

const MAX_BOOTS = 100_000; // 300 B each

interface Heard {
  boot: ProducerBoot;
  firstAppendTime: string;
  atMs: number;
}

/**
 * Remembers when each boot was last heard, by a clock that never jumps and stands still while this machine sleeps or the
 * log can't be read. A boot that said goodbye is forgotten.
 */
export class SilenceTracker {
  readonly #heard = new Map<string, Heard>();

  heard(activity: BootActivity, atMs: number): void {
    if (UNNUMBERED_PRODUCERS.includes(activity.producer)) return; // these send no heartbeats
    const key = keyOf(activity);
    const known = this.#heard.get(key);
    this.#heard.delete(key); // re-inserted: the map is in the order in which boots were last heard
    if (activity.stopped) return;
    const { tenant, producer, boot } = activity;
    const firstAppendTime = known?.firstAppendTime ?? activity.first_append_time;
    this.#heard.set(key, { boot: { tenant, producer, boot }, firstAppendTime, atMs });
    for (const oldest of this.#heard.keys()) {
      if (this.#heard.size <= MAX_BOOTS) break;
      this.#heard.delete(oldest);
    }
  }

  /** Boots that were not heard for so long; each is given once, and again only after it was heard again. */
  silent(nowMs: number, afterMs: number): { boot: ProducerBoot; since: string }[] {
    const silent: { boot: ProducerBoot; since: string }[] = [];
    for (const [key, { boot, firstAppendTime, atMs }] of this.#heard) {
      if (nowMs - atMs < afterMs) break;
      silent.push({ boot, since: firstAppendTime });
      this.#heard.delete(key);
    }
    return silent;
  }
}

function keyOf({ tenant, producer, boot }: ProducerBoot): string {
  return `${tenant}\n${producer}\n${boot}`;
}
