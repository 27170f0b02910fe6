import { gauge, type ServiceContext } from "@tripline/service";
import type { DeadLetterCounts, Store } from "@tripline/store";

const EVERY_MS = 15_000; // as often as Prometheus usually asks

export interface OpenLetters {
  start(): void;
  stop(): void;
  /** In words for the operator; null while none is open. */
  detail(): string | null;
}

/** How many dead letters are open, over every tenant: for metrics and health. */
export function watchOpenLetters({ metrics, logger, now }: ServiceContext, store: Store): OpenLetters {
  const open = gauge(metrics, {
    name: "tripline_dead_letters_open",
    help: "Dead letters that nobody has replayed or discarded.",
  });
  const age = gauge(metrics, {
    name: "tripline_dead_letters_oldest_seconds",
    help: "Age of the oldest open dead letter; 0 when none is open.",
  });
  let last: DeadLetterCounts = { open: 0, oldest: null };
  let timer: NodeJS.Timeout | undefined;

  const ageSeconds = () => (last.oldest === null ? 0 : Math.max(0, now() - Date.parse(last.oldest)) / 1000);

  async function look(): Promise<void> {
    try {
      last = await store.deadLetters.open();
      open.set(last.open);
      age.set(ageSeconds());
    } catch (error) {
      logger.warn({ err: error }, "open dead letters could not be counted; the last known number stays");
    }
  }

  return {
    start() {
      void look();
      timer = setInterval(look, EVERY_MS);
    },
    stop() {
      clearInterval(timer);
    },
    detail() {
      if (last.open === 0) return null;
      const letters = last.open === 1 ? "1 dead letter is" : `${last.open} dead letters are`;
      return `${letters} open, the oldest since ${last.oldest ?? "unknown"}: tripline dead-letters list`;
    },
  };
}
