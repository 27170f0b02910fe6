import type { Detection, DetectionState } from "@tripline/detection";
import type { Alert } from "@tripline/events";
import type { HistoryInput } from "./history-records.ts";

const MAX_ALERTS_KEPT = 10_000; // told one by one; beyond it they are only counted
const MAX_GROUPS = 100_000; // counted; whoever has more does not need to know which is tenth
const TOP_GROUPS = 10;
const DAY_MS = 86_400_000;

export interface BacktestFigures {
  since: string;
  until: string;
  records: number;
  /** Records whose payload has expired or was erased, and those that had none. */
  payloads_gone: number;
  payloads_none: number;
  alerts: number;
  alerts_a_day: number;
  by_rule: Record<string, { alerts: number; alerts_a_day: number; severities: Record<string, number> }>;
  top_groups: { group: string; alerts: number }[];
  /** Findings that were not repeated, as their group had just had an alert. */
  quieted: number;
  /** Forgotten for lack of room while it still mattered. */
  evicted: number;
}

/** Judges history by rules, in one pass and bounded memory. Rules of both stages see all records: they are one tenant's. */
export class Backtest {
  readonly #detection: Detection;
  readonly #state: DetectionState;
  readonly #byRule = new Map<string, Map<string, number>>();
  readonly #byGroup = new Map<string, number>();
  #records = 0;
  #gone = 0;
  #none = 0;
  #alerts = 0;
  /** The first of them. */
  readonly kept: Alert[] = [];

  constructor(detection: Detection) {
    this.#detection = detection;
    this.#state = detection.initialState();
  }

  get records(): number {
    return this.#records;
  }

  get alerts(): number {
    return this.#alerts;
  }

  take(input: HistoryInput): void {
    this.#records += 1;
    if (input.payload === "gone") this.#gone += 1;
    if (input.payload === "none") this.#none += 1;
    for (const alert of this.#detection.step(this.#state, input).alerts) this.#count(alert);
  }

  figures({ since, until }: { since: string; until: string }): BacktestFigures {
    const days = Math.max(1, Date.parse(until) - Date.parse(since)) / DAY_MS;
    const aDay = (count: number): number => Math.round((count / days) * 100) / 100;
    const { quieted, evicted } = this.#detection.counts(this.#state);
    return {
      since,
      until,
      records: this.#records,
      payloads_gone: this.#gone,
      payloads_none: this.#none,
      alerts: this.#alerts,
      alerts_a_day: aDay(this.#alerts),
      by_rule: Object.fromEntries(
        [...this.#byRule].map(([rule, severities]) => {
          const alerts = [...severities.values()].reduce((sum, count) => sum + count, 0);
          return [rule, { alerts, alerts_a_day: aDay(alerts), severities: Object.fromEntries(severities) }];
        }),
      ),
      top_groups: [...this.#byGroup]
        .sort(([, a], [, b]) => b - a)
        .slice(0, TOP_GROUPS)
        .map(([group, alerts]) => ({ group, alerts })),
      quieted,
      evicted,
    };
  }

  #count(alert: Alert): void {
    this.#alerts += 1;
    if (this.kept.length < MAX_ALERTS_KEPT) this.kept.push(alert);
    const severities = this.#byRule.get(alert.rule.id) ?? new Map<string, number>();
    this.#byRule.set(alert.rule.id, severities);
    severities.set(alert.severity, (severities.get(alert.severity) ?? 0) + 1);
    if (this.#byGroup.size < MAX_GROUPS || this.#byGroup.has(alert.group))
      this.#byGroup.set(alert.group, (this.#byGroup.get(alert.group) ?? 0) + 1);
  }
}
