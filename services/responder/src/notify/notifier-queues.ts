import { TOPICS } from "@tripline/events";
import { type Notifier, type NotifyOutcome, type ResponseConfig, testNotification } from "@tripline/response";
import type { PartHealth } from "@tripline/service";
import { type Log, type RunnerHandle, runStep } from "@tripline/stream";
import type { Settings } from "../settings/response-file.ts";
import { openNotifyStep } from "./notify-step.ts";
import { Reminders } from "./reminders.ts";
import { Teller, type TellerOptions } from "./teller.ts";

export interface NotifierQueuesOptions extends Omit<TellerOptions, "log" | "notifier" | "signal"> {
  log: Log;
}

interface Queue {
  notifier: Notifier;
  teller: Teller;
  reminders: Reminders;
  stop: AbortController;
  handle: RunnerHandle;
}

/** How a notifier is doing, for people. */
export interface NotifierState {
  name: string;
  to: string;
  /** RFC 3339; null while it takes what it is told. */
  failingSince: string | null;
  reason: string | null;
  /** Versions of incidents that its queue has not looked at; most of them it need not be told. */
  waiting: number;
}

const MAX_BATCH_RECORDS = 20; // committed together, so after a crash at most this many are told twice (under the same id)

/** One queue for each notifier, each a consumer group of its own: a receiver that is down holds up nobody else. */
export class NotifierQueues {
  readonly #options: NotifierQueuesOptions;
  readonly #queues = new Map<string, Queue>();
  #config: ResponseConfig | undefined;
  #stopped = false;
  #last: Promise<void> = Promise.resolve();

  constructor(options: NotifierQueuesOptions) {
    this.#options = options;
  }

  /** Starts, changes and ends queues until they are as configured. */
  use({ config, notifiers }: Pick<Settings, "config" | "notifiers">): Promise<void> {
    this.#last = this.#last.then(async () => {
      if (this.#stopped) return;
      this.#config = config;
      const wanted = new Set(notifiers.map(({ name }) => name));
      for (const [name, queue] of this.#queues) {
        if (wanted.has(name)) continue;
        this.#queues.delete(name);
        await close(queue);
      }
      for (const notifier of notifiers) await this.#useOne(notifier, config);
    });
    return this.#last;
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await this.#closeAll(); // in the same turn: what gives up now must find its runner closing
    await this.#last;
    await this.#closeAll(); // what a change of the settings was just opening
  }

  health(): PartHealth[] {
    return [...this.#queues.values()].map(({ handle }) => handle.health());
  }

  async states(): Promise<NotifierState[]> {
    const all = [...this.#queues.values()].map(async ({ notifier, teller, handle }) => {
      const { failing } = teller.patience;
      const lag = await handle.lag();
      return {
        name: notifier.name,
        to: notifier.to,
        failingSince: failing === undefined ? null : new Date(failing.since).toISOString(),
        reason: failing?.reason ?? null,
        waiting: lag.reduce((sum, partition) => sum + partition.lag, 0),
      };
    });
    return Promise.all(all);
  }

  /** Sends a test to one notifier, past its queue; undefined when there is none of this name. */
  async test(
    name: string,
    { tenant, by }: { tenant: string; by: string },
  ): Promise<NotifyOutcome | undefined> {
    const queue = this.#queues.get(name);
    if (queue === undefined) return undefined;
    const { context, publicUrl } = this.#options;
    const notification = testNotification({
      tenant,
      by,
      notifier: name,
      now: context.now(),
      publicUrl: publicUrl(),
    });
    const outcome = await queue.notifier.notify(notification, queue.stop.signal);
    if (outcome.kind === "delivered") queue.teller.patience.tryNow();
    return outcome;
  }

  async #closeAll(): Promise<void> {
    const queues = [...this.#queues.values()];
    this.#queues.clear();
    await Promise.all(queues.map(close));
  }

  async #useOne(notifier: Notifier, config: ResponseConfig): Promise<void> {
    const known = this.#queues.get(notifier.name);
    // Another kind of system under the same name may have to be reminded where the one before did not.
    if (
      known !== undefined &&
      (known.notifier.reminder === undefined) !== (notifier.reminder === undefined)
    ) {
      this.#queues.delete(notifier.name);
      await close(known);
    } else if (known !== undefined) {
      known.notifier = notifier;
      known.teller.patience.tryNow();
      return;
    }
    this.#queues.set(notifier.name, await this.#open(notifier, config));
  }

  async #open(notifier: Notifier, config: ResponseConfig): Promise<Queue> {
    const { log, context } = this.#options;
    const { name } = notifier;
    const group = `responder-notifier-${name}`;
    const stop = new AbortController();
    const current = { notifier, stop };
    const shared = { ...this.#options, notifier: () => current.notifier, signal: stop.signal };
    const teller = new Teller(shared);
    const reminders = new Reminders({ ...shared, log, group });
    const handle = await runStep({
      log,
      name: group,
      topic: TOPICS.incidents,
      maxBatchRecords: MAX_BATCH_RECORDS,
      commitEveryMs: 0, // what is not committed is told again after a crash
      open: (partition) =>
        openNotifyStep(partition, {
          ...{ log, group, name, teller },
          config: () => this.#config ?? config,
          keepOpen: notifier.reminder !== undefined,
          remind: (partition, told) => reminders.add(partition, told),
          now: () => context.now(),
        }),
    });
    reminders.start();
    return Object.assign(current, { teller, reminders, handle });
  }
}

async function close({ handle, reminders, stop }: Queue): Promise<void> {
  stop.abort();
  reminders.stop();
  await handle.close();
}
