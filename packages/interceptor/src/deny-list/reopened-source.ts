import { setTimeout as delay } from "node:timers/promises";
import type { OnWarning } from "../core/warnings.ts";
import type { RevocationSink, RevocationSource } from "./revocation-source.ts";

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000; // how late a revocation may come after an outage
const STEADY_MS = 45_000; // what was open as long was no failure to open

export interface Reopened {
  /** Feeds the sink until its source ends or `stop` aborts; rejects when it breaks. */
  follow(sink: RevocationSink, stop: AbortSignal): Promise<void>;
  /** The warning's words when it can't be followed. */
  unreachable: string;
  onWarning: OnWarning;
  random?: (() => number) | undefined;
  /** Lets go of what all openings share. */
  release?(): Promise<void>;
}

/** A source that is opened anew whenever it ends, for ever, ever less often while it fails. */
export function createReopenedSource(options: Reopened): RevocationSource {
  const { onWarning, random = Math.random } = options;
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function run(sink: RevocationSink): Promise<void> {
    for (let failures = 0; !stop.signal.aborted; failures += 1) {
      const started = performance.now();
      try {
        await options.follow(sink, stop.signal);
      } catch (cause) {
        if (stop.signal.aborted) return;
        onWarning({ code: "TRIPLINE_REVOCATIONS_UNREACHABLE", message: options.unreachable, cause });
      }
      if (performance.now() - started > STEADY_MS) failures = 0;
      const ceiling = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 10));
      await delay(ceiling / 2 + (random() * ceiling) / 2, undefined, {
        signal: stop.signal,
        ref: false,
      }).catch((error: unknown) => {
        if (!stop.signal.aborted) throw error;
      });
    }
  }

  return {
    start: (sink) => {
      running = run(sink);
    },
    close: async () => {
      stop.abort();
      await running;
      await options.release?.();
    },
  };
}

/** An entry's JSON, or undefined where it is none: the deny list counts that as not genuine. */
export function parseEntry(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
