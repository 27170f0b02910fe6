import { TOPICS } from "@tripline/events";
import { createWebhook, type Notifier } from "@tripline/response";
import type { PartHealth, ServiceContext } from "@tripline/service";
import { type Log, type RunnerHandle, runStep } from "@tripline/stream";
import type { WebhookSettings } from "../settings/webhook-settings.ts";
import { Teller, type TellerOptions } from "./teller.ts";
import { openWebhookStep } from "./webhook-step.ts";

export interface WebhookQueuesOptions extends Omit<TellerOptions, "notifier" | "signal"> {
  log: Log;
}

interface Queue {
  settings: WebhookSettings;
  notifier: Notifier;
  teller: Teller;
  handle: RunnerHandle;
}

const MAX_BATCH_RECORDS = 20; // committed together, so after a crash at most this many are told twice (under the same id)

/** One queue for each configured webhook, each a consumer group of its own: a receiver that is down holds up nobody else. */
export class WebhookQueues {
  readonly #options: WebhookQueuesOptions;
  readonly #queues = new Map<string, Queue>();
  readonly #stop = new AbortController();
  #last: Promise<void> = Promise.resolve();

  constructor(options: WebhookQueuesOptions) {
    this.#options = options;
  }

  /** Starts, changes and ends queues until they are as configured. */
  use(webhooks: readonly WebhookSettings[]): Promise<void> {
    this.#last = this.#last.then(async () => {
      if (this.#stop.signal.aborted) return;
      const wanted = new Set(webhooks.map((webhook) => webhook.name));
      for (const [name, queue] of this.#queues) {
        if (wanted.has(name)) continue;
        this.#queues.delete(name);
        await queue.handle.close();
      }
      for (const webhook of webhooks) await this.#useOne(webhook);
    });
    return this.#last;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#closeAll(); // in the same turn as the abort: what gives up now must find its runner closing
    await this.#last;
    await this.#closeAll(); // what a change of the settings was just opening
  }

  health(): PartHealth[] {
    return [...this.#queues.values()].map((queue) => queue.handle.health());
  }

  async #closeAll(): Promise<void> {
    const queues = [...this.#queues.values()];
    this.#queues.clear();
    await Promise.all(queues.map((queue) => queue.handle.close()));
  }

  async #useOne(webhook: WebhookSettings): Promise<void> {
    const { context } = this.#options;
    const notifier = notifierFor(webhook, context);
    const known = this.#queues.get(webhook.name);
    if (known !== undefined) {
      known.settings = webhook;
      known.notifier = notifier;
      known.teller.patience.tryNow();
      return;
    }
    this.#queues.set(webhook.name, await this.#open(webhook, notifier));
  }

  async #open(settings: WebhookSettings, notifier: Notifier): Promise<Queue> {
    const { log, context } = this.#options;
    const group = `responder-webhook-${settings.name}`;
    const current = { settings, notifier };
    const teller = new Teller({
      ...this.#options,
      notifier: () => current.notifier,
      signal: this.#stop.signal,
    });
    const handle = await runStep({
      log,
      name: group,
      topic: TOPICS.alerts,
      maxBatchRecords: MAX_BATCH_RECORDS,
      commitEveryMs: 0, // what is not committed is told again after a crash
      open: (partition) =>
        openWebhookStep(partition, {
          log,
          group,
          teller,
          settings: () => current.settings,
          now: () => context.now(),
        }),
    });
    return Object.assign(current, { teller, handle });
  }
}

function notifierFor({ name, url, secret }: WebhookSettings, context: ServiceContext): Notifier {
  return createWebhook({ name, url, secret, now: () => context.now() });
}
