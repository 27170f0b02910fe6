import { type Alert, alertKey, OWN_PRODUCERS, TOPICS } from "@tripline/events";
import type { ServiceContext } from "@tripline/service";
import type { BootActivity, CompletenessStore, ProducerBoot } from "@tripline/store";
import type { Log } from "@tripline/stream";
import { type GapPlace, placeOf, resolved, silenceAlert } from "./gap-alerts.ts";
import type { Pause } from "./paced-loop.ts";

const LOOKBACK_MS = 35 * 24 * 3600 * 1000; // as long as a spool may be kept waiting; alerts older than that stay as they are
const REVISITED_AT_ONCE = 200; // oldest first; the next look goes on
const MAX_SAID = 10_000; // ids remembered; the store knows the others once they are archived

export interface AlertDeskOptions {
  store: CompletenessStore;
  context: ServiceContext;
  produce(alerts: readonly Alert[]): Promise<unknown>;
}

/** One that writes to the alerts topic. */
export function alertDesk(
  log: Pick<Log, "produce">,
  store: CompletenessStore,
  context: ServiceContext,
): AlertDesk {
  return new AlertDesk({
    store,
    context,
    produce: (alerts) => log.produce(TOPICS.alerts, alerts.map(toRecord)),
  });
}

function toRecord(alert: Alert) {
  return { key: alertKey(alert.tenant, alert.id), value: Buffer.from(JSON.stringify(alert)) };
}

/** Raises each alert once, and closes it when what it said is not so any more. */
export class AlertDesk {
  readonly #store: CompletenessStore;
  readonly #context: ServiceContext;
  readonly #produce: AlertDeskOptions["produce"];
  readonly #said = new Set<string>();

  constructor({ store, context, produce }: AlertDeskOptions) {
    this.#store = store;
    this.#context = context;
    this.#produce = produce;
  }

  async raise(alerts: readonly Alert[]): Promise<void> {
    const unsaid = alerts.filter(({ id }) => !this.#said.has(id));
    if (unsaid.length === 0) return;
    const known = await this.#store.knownAlerts(unsaid.map(({ id }) => id));
    const fresh = unsaid.filter(({ id }) => !known.has(id));
    if (fresh.length > 0) await this.#produce(fresh);
    for (const { id, rule, tenant, summary } of fresh) {
      this.#context.logger.warn({ alert: id, rule: rule.id, tenant }, summary);
    }
    for (const { id } of unsaid) this.#said.add(id);
    for (const oldest of this.#said) {
      if (this.#said.size <= MAX_SAID) return;
      this.#said.delete(oldest);
    }
  }

  /**
   * Raises the alert of a silent boot, unless the silence is explained: a goodbye, a later boot of the producer, a
   * producer that its own user may end at any time (a proxy on a laptop that sleeps), or one of Tripline's own: whoever
   * reads this alert knows that they run, and the next start of one may have nothing to say for days.
   */
  async silent(last: BootActivity, ofProducer: readonly BootActivity[]): Promise<void> {
    if (last.stopped || last.enforcement === "advisory" || OWN_PRODUCERS.has(last.producer)) return;
    if (isFollowed(last, ofProducer)) return;
    await this.raise([silenceAlert(last)]);
  }

  /** Looks again at what the open alerts of these rules say. */
  async revisit(rules: readonly string[], pause: Pause): Promise<void> {
    const since = new Date(this.#context.now() - LOOKBACK_MS).toISOString();
    for (const { alert } of await this.#store.openAlerts(rules, since, REVISITED_AT_ONCE)) {
      const place = placeOf(alert);
      if (place === null) continue;
      const note = await this.#noLonger(alert, { ...place, tenant: alert.tenant }, pause);
      if (note !== null) await this.#produce([resolved(alert, note, this.#context.now())]);
      await pause();
    }
  }

  /** Why the alert's words are not so any more; null when they are. */
  async #noLonger({ rule }: Alert, place: GapPlace & ProducerBoot, pause: Pause): Promise<string | null> {
    if (place.part === "silence") {
      const heard = await this.#store.heardSince(place, place.since);
      const own = heard.find(({ boot }) => boot === place.boot);
      if (own !== undefined && own.last_append_time > place.since) return "it was heard again";
      return heard.some(({ boot }) => boot !== place.boot) ? "the producer started again" : null;
    }
    if (place.part === "tail") {
      const heard = await this.#store.heardSince(place, "1970-01-02T00:00:00.000Z");
      const own = heard.find(({ boot }) => boot === place.boot);
      const { gaps } = own === undefined ? { gaps: [] } : await this.#store.examineTail(own);
      return own !== undefined && !gaps.some(({ kind }) => kind === "missing")
        ? "the records came later"
        : null;
    }
    const kinds = rule.id === "records-missing" ? ["missing"] : ["altered", "chain_broken", "missing"];
    const { gaps, records } = await this.#store.examineBoot(place, place, { pause });
    return records > 0 && !gaps.some(({ kind }) => kinds.includes(kind))
      ? "all records are stored, as their producer sent them"
      : null;
  }
}

function isFollowed(last: BootActivity, ofProducer: readonly BootActivity[]): boolean {
  return ofProducer.some(
    ({ boot, first_append_time }) => boot !== last.boot && first_append_time > last.first_append_time,
  );
}
