import { setTimeout as delay } from "node:timers/promises";
import { isRetriable, TOPICS } from "@tripline/events";
import { type Due, dueOf, muteOfIncident, type TimerSettings } from "@tripline/response";
import type { ServiceContext } from "@tripline/service";
import type { Log, NewRecord } from "@tripline/stream";
import type { ControlsView, ControlsWriter } from "../controls/index.ts";
import { forgetEnded } from "./ended-controls.ts";
import type { OwnedBooks } from "./owned-books.ts";
import { triageFor } from "./triage-record.ts";

const LOOK_EVERY_MS = 1000; // escalations are minutes apart
const AGAIN_AFTER_MS = 30_000; // what was written is folded long before; if the log lost it, it is due once more
const MAX_RECORDS = 500; // of one write

export interface IncidentTimersOptions {
  log: Pick<Log, "produce">;
  books: OwnedBooks;
  controls: ControlsView;
  controlsWriter: ControlsWriter;
  settings(): TimerSettings;
  context: Pick<ServiceContext, "logger" | "now">;
}

/**
 * Says in the triage topic what is due for incidents of this process's partitions. What that means is decided where the record
 * is folded, so it does no harm when it is late, comes twice or from somebody who does not own the partition any more.
 */
export class IncidentTimers {
  readonly #options: IncidentTimersOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** When what was written, ms since the epoch. */
  #written = new Map<string, number>();
  failure: unknown = null;

  constructor(options: IncidentTimersOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { controls, controlsWriter, context } = this.#options;
    while (!signal.aborted) {
      try {
        await this.look();
        await forgetEnded(controls, controlsWriter, context.now());
      } catch (error) {
        if (!isRetriable(error)) {
          this.failure = error;
          return;
        }
        context.logger.warn({ error: String(error) }, "timers of incidents wait for the log");
      }
      await delay(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(whenStopped);
    }
  }

  /** Writes what is due now. */
  async look(): Promise<void> {
    const { log, books, controls, settings, context } = this.#options;
    const now = context.now();
    for (const [key, at] of this.#written) if (now - at >= AGAIN_AFTER_MS) this.#written.delete(key);
    const mutes = Map.groupBy(controls.every("mute"), ({ tenant }) => tenant);
    const records: NewRecord[] = [];
    for (const [partition, book] of books.partitions) {
      for (const [, state] of book.open.entries()) {
        const mute = muteOfIncident(mutes.get(state.incident.tenant) ?? [], state.incident, now);
        for (const due of dueOf(state, settings(), now, mute !== undefined)) {
          if (this.#written.has(keyOf(due)) || records.length >= MAX_RECORDS) continue;
          this.#written.set(keyOf(due), now);
          records.push({ ...triageFor(state.incident, { ...due, muted: mute?.id }), partition });
        }
      }
    }
    if (records.length > 0) await log.produce(TOPICS.triage, records);
  }
}

function keyOf({ incident_id, what, level, episode, alerts }: Due): string {
  return what === "resolve"
    ? `${incident_id}/${episode}/resolve/${alerts}`
    : `${incident_id}/${episode}/${what}/${level}`;
}

/** The pause was cut short because the timers stop: there is nothing more to do. */
function whenStopped(error: unknown): void {
  if (!(error instanceof Error && error.name === "AbortError")) throw error;
}
