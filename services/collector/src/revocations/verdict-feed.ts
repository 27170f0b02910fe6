import { setTimeout as delay } from "node:timers/promises";
import { type SignedVerdict, signedVerdictSchema, TOPICS } from "@tripline/events";
import { counter, type ServiceContext } from "@tripline/service";
import type { Log, TableEntry } from "@tripline/stream";

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000; // meanwhile calls that wait do so in vain, and after three of them wait no more

export interface VerdictFeedDeps {
  log: Pick<Log, "follow">;
  context: ServiceContext;
  /** To the interceptor that waits, if it is connected here. Returns whether it is. */
  deliver(verdict: SignedVerdict, frame: Buffer): boolean;
}

/**
 * Follows the verdicts topic and passes each verdict on to the one connection that waits for it. It is opened anew when it
 * ends: without it calls wait in vain, and all else goes on.
 */
export class VerdictFeed {
  readonly #deps: VerdictFeedDeps;
  readonly #metrics: ReturnType<typeof verdictMetrics>;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(deps: VerdictFeedDeps) {
    this.#deps = deps;
    this.#metrics = verdictMetrics(deps.context);
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { log, context } = this.#deps;
    const { signal } = this.#stop;
    for (let pause = FIRST_RETRY_MS; !signal.aborted; pause = Math.min(pause * 2, MAX_RETRY_MS)) {
      try {
        const reader = await log.follow(TOPICS.verdicts, (entry) => this.#onEntry(entry));
        pause = FIRST_RETRY_MS;
        const closing = (): void => void reader.close();
        signal.addEventListener("abort", closing, { once: true });
        if (signal.aborted) await reader.close();
        await reader.ended;
        signal.removeEventListener("abort", closing);
      } catch (error) {
        context.logger.warn(
          { err: error },
          "verdicts can't be followed; calls that wait for one do so in vain",
        );
      }
      await delay(pause, undefined, { signal, ref: false }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  #onEntry({ key, value }: TableEntry): void {
    const verdict = value === null ? null : readVerdict(value);
    if (verdict === null || key !== `${verdict.tenant}/${verdict.producer}`) {
      this.#metrics.invalid.inc();
      return;
    }
    const frame = Buffer.from(`event: verdict\ndata: ${JSON.stringify(verdict)}\n\n`);
    if (this.#deps.deliver(verdict, frame)) this.#metrics.passed.inc();
  }
}

/** Its signature is checked by who waits for it. */
function readVerdict(value: Uint8Array): SignedVerdict | null {
  try {
    return signedVerdictSchema.safeParse(JSON.parse(Buffer.from(value).toString("utf8"))).data ?? null;
  } catch {
    return null; // counted by the caller
  }
}

function verdictMetrics({ metrics }: ServiceContext) {
  return {
    passed: counter(metrics, {
      name: "tripline_collector_verdicts_total",
      help: "Verdicts passed on to interceptors that wait here",
    }),
    invalid: counter(metrics, {
      name: "tripline_collector_invalid_verdicts_total",
      help: "Entries of the verdicts topic that were not passed on",
    }),
  };
}
