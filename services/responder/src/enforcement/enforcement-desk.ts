import { type Alert, isRetriable, type Revocation } from "@tripline/events";
import { type Deadlines, durationMs } from "@tripline/response";
import { counter, type ServiceContext } from "@tripline/service";
import type { Log } from "@tripline/stream";
import type { DecisionPart, DecisionRecords } from "../decision-records.ts";
import { raiseAlert, resolvedAlert } from "../raise-alert.ts";
import { isLive } from "../revoke/revocation-view.ts";
import { CourseMetrics } from "./course-metrics.ts";
import { notEnforcedAlert } from "./enforcement-alerts.ts";
import { type EventWatch, interceptorName } from "./event-watch.ts";
import type { Interceptor } from "./interceptors.ts";
import { isExpected, isOverdue, type Question } from "./lateness.ts";
import type { News } from "./partition-watch.ts";

const LOOK_EVERY_MS = 500; // a deadline is told so much late at most
const REPORTED_FOR_MS = 7 * 24 * 3600 * 1000; // as long as the records of it are in the log
const FOLLOWED_FOR_MS = 24 * 3600 * 1000; // where nothing was missing
const LOOK_AGAIN_MS = 10_000; // at a revocation that is in force everywhere: what is heard late is heard by heartbeats
const MAX_CASES = 10_000; // the latest: more in a week are no incident, and each costs a look
const MAX_NAMED = 500; // interceptors that one record names

export interface EnforcementDeskOptions {
  log: Pick<Log, "produce">;
  watch: Pick<
    EventWatch,
    "interceptors" | "interceptor" | "applied" | "decisions" | "caughtUp" | "assignments"
  >;
  records: DecisionRecords;
  deadlines(): Deadlines;
  context: ServiceContext;
}

/** Something that was reported and is not yet resolved. */
interface Report {
  alert: Alert;
  /** `producer/boot` of the interceptors it names. */
  missing: readonly string[];
}

interface Case {
  entry: Revocation;
  reports: Map<string, Report>;
  /** ms since the epoch: nothing was missing at the last look, so the next one can wait. */
  lookAgainAt: number;
}

/**
 * Compares each revocation with its deadlines. What is missing becomes an alert and a `not_enforced` record, once; when it comes after all,
 * the alert is resolved and an `enforced` record written. What was said before a restart is known from the records themselves,
 * and nothing is said before all of them were read.
 */
export class EnforcementDesk {
  readonly #options: EnforcementDeskOptions;
  readonly #metrics: CourseMetrics;
  readonly #looks;
  readonly #cases = new Map<string, Case>();
  readonly #startedAt: number;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | null = null;
  /** `watch.assignments` when the trail was last asked what is reported already. */
  #recalled = 0;
  /** Of one look. */
  #live = new Map<string, Interceptor[]>();
  trouble: string | null = null;

  constructor(options: EnforcementDeskOptions) {
    this.#options = options;
    this.#metrics = new CourseMetrics(options.context);
    this.#looks = counter(options.context.metrics, {
      name: "tripline_responder_enforcement_looks_total",
      help: "Looks at whether revocations are in force everywhere; one that stands still sees nothing",
    });
    this.#startedAt = options.context.now();
  }

  start(): void {
    this.#timer = setInterval(() => this.#lookSoon(), LOOK_EVERY_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** An entry of the revocations topic, its latest state. */
  entry(entry: Revocation): void {
    const key = `${entry.tenant}/${entry.id}`;
    const known = this.#cases.get(key);
    const decidedAt = Date.parse(entry.decided_at);
    const now = this.#options.context.now();
    if (known === undefined && (!isLive(entry, now) || now - decidedAt > REPORTED_FOR_MS)) return;
    if (known === undefined && decidedAt >= this.#startedAt) this.#metrics.decided(entry);
    this.#cases.set(key, { entry, reports: known?.reports ?? new Map(), lookAgainAt: 0 });
    if (this.#cases.size <= MAX_CASES) return;
    const [oldest] = this.#cases.keys();
    if (oldest !== undefined) this.#cases.delete(oldest);
  }

  heard(news: News): void {
    if (news.kind === "rejected") return;
    const found = this.#cases.get(`${news.tenant}/${news.revocationId}`);
    if (found !== undefined && news.appendedAt >= this.#startedAt) this.#metrics.heard(news, found.entry);
  }

  #lookSoon(): void {
    if (this.#looking !== null) return;
    this.#looking = this.#look()
      .then(() => {
        this.trouble = null;
        this.#looks.inc();
      })
      .catch((error: unknown) => {
        // What was not said is said at the next look.
        this.trouble = "whether revocations are in force can't be told now";
        this.#options.context.logger[isRetriable(error) ? "warn" : "error"]({ err: error }, this.trouble);
      })
      .finally(() => {
        this.#looking = null;
      });
  }

  /** Only when something seems to be wrong, or right again, is the log asked whether all of it was read. */
  async #look(): Promise<void> {
    const { watch } = this.#options;
    this.#live.clear();
    const { assignments } = watch;
    const unsure = assignments !== this.#recalled;
    const todo = [...this.#cases.values()].some((each) => this.#steps(each).length > 0);
    if ((todo || unsure) && (await watch.caughtUp())) {
      this.#live.clear();
      for (const each of [...this.#cases.values()]) {
        if (unsure) this.#recall(each);
        for (const step of this.#steps(each)) await step();
      }
      this.#recalled = assignments;
    }
    this.#forget();
  }

  #steps(each: Case): (() => Promise<void>)[] {
    const steps: (() => Promise<void>)[] = [];
    const { entry } = each;
    const now = this.#options.context.now();
    if (!isLive(entry, now)) {
      const note =
        entry.state === "reinstated" ? "the revocation was reinstated" : "the revocation has ended";
      for (const report of each.reports.values()) steps.push(() => this.#resolve(each, report, note, false));
      return steps;
    }
    const late = now < each.lookAgainAt ? [] : this.#late(each, now);
    if (late.length > 0) steps.push(() => this.#reportInterceptors(each, late));
    for (const report of each.reports.values()) {
      const note = this.#over(entry, report);
      if (note !== null) steps.push(() => this.#resolve(each, report, note, true));
    }
    return steps;
  }

  #question(entry: Revocation, now: number): Question {
    const deadlineMs = durationMs(this.#options.deadlines().interceptors) ?? 0;
    return { decidedAt: Date.parse(entry.decided_at), deadlineMs, now };
  }

  /** Names of the interceptors that should have said by now that they refuse, and were not reported. */
  #late(each: Case, now: number): string[] {
    const { entry } = each;
    const question = this.#question(entry, now);
    if (!isOverdue(question)) return [];
    const applied = this.#options.watch.applied(entry.tenant, entry.id);
    const late = this.#interceptors(entry.tenant)
      .filter((interceptor) => isExpected(interceptor, question))
      .map(interceptorName)
      .filter((name) => applied.get(name)?.active === undefined && !isNamed(each, name));
    if (late.length === 0) each.lookAgainAt = now + LOOK_AGAIN_MS;
    return late;
  }

  #interceptors(tenant: string): Interceptor[] {
    const known = this.#live.get(tenant) ?? this.#options.watch.interceptors(tenant);
    this.#live.set(tenant, known);
    return known;
  }

  /** Why what the report says is not so any more; null when it is. */
  #over(entry: Revocation, { missing }: Report): string | null {
    const { watch } = this.#options;
    const applied = watch.applied(entry.tenant, entry.id);
    const waiting = missing.filter(
      (name) =>
        applied.get(name)?.active === undefined && watch.interceptor(entry.tenant, name) !== undefined,
    );
    if (waiting.length > 0) return null;
    const ended = missing.filter((name) => applied.get(name)?.active === undefined).length;
    if (ended === 0) return "every interceptor that it names refuses now";
    return ended === missing.length
      ? "the interceptors that it names have ended"
      : "the interceptors that it names refuse now or have ended";
  }

  async #reportInterceptors(each: Case, names: readonly string[]): Promise<void> {
    const deadline = this.#options.deadlines().interceptors;
    const now = this.#options.context.now();
    const alert = notEnforcedAlert(each.entry, { names, deadline, now });
    await this.#report(each, { alert, missing: names });
  }

  async #report(each: Case, report: Report): Promise<void> {
    const { log, records, context } = this.#options;
    await raiseAlert(log, report.alert);
    each.reports.set(report.alert.id, report);
    const at = new Date(context.now()).toISOString();
    context.logger.error({ revocation: each.entry.id, alert: report.alert.id }, report.alert.summary);
    await records.write(
      each.entry.tenant,
      recordOf(each.entry, "not_enforced", report, report.alert.summary, at),
    );
  }

  async #resolve(each: Case, report: Report, note: string, enforced: boolean): Promise<void> {
    const { log, records, context } = this.#options;
    const now = context.now();
    await raiseAlert(log, resolvedAlert(report.alert, note, now));
    each.reports.delete(report.alert.id);
    context.logger.info({ revocation: each.entry.id, alert: report.alert.id }, note);
    if (!enforced) return;
    const at = new Date(now).toISOString();
    await records.write(each.entry.tenant, recordOf(each.entry, "enforced", report, note, at));
  }

  /** Reports that the trail tells of and this process does not know: it was started since. */
  #recall(each: Case): void {
    const { entry, reports } = each;
    const said = this.#options.watch.decisions(entry.tenant, entry.id);
    for (const { kind, alertId, interceptors, at } of said) {
      if (kind !== "not_enforced" || alertId === undefined) continue;
      if ([...reports.values()].some(({ alert }) => alert.id === alertId)) continue;
      if (said.some((later) => later.kind === "enforced" && later.alertId === alertId)) continue;
      const report = recalled(entry, interceptors, at);
      if (report.alert.id === alertId) reports.set(alertId, report);
    }
  }

  #forget(): void {
    if (this.#options.watch.assignments !== this.#recalled) return;
    const now = this.#options.context.now();
    for (const [key, { entry, reports }] of this.#cases) {
      const age = now - Date.parse(entry.decided_at);
      const old = age > (reports.size > 0 ? REPORTED_FOR_MS : FOLLOWED_FOR_MS);
      if (old || (reports.size === 0 && !isLive(entry, now))) this.#cases.delete(key);
    }
  }
}

function isNamed({ reports }: Case, name: string): boolean {
  return [...reports.values()].some(({ missing }) => missing.includes(name));
}

/** The report that a record tells of, made again: the same findings give the same alert. */
function recalled(entry: Revocation, names: readonly string[], now: number): Report {
  const deadline = "its deadline"; // which one it was is in the first alert's words, and not in its id
  return { alert: notEnforcedAlert(entry, { names, deadline, now }), missing: names };
}

function recordOf(
  entry: Revocation,
  kind: "not_enforced" | "enforced",
  { alert, missing }: Report,
  reason: string,
  at: string,
): DecisionPart {
  const names = missing.slice(0, MAX_NAMED);
  return {
    kind,
    reason: reason.slice(0, MAX_REASON_CHARS),
    by: "policy",
    alert_id: alert.id,
    rule_id: alert.rule.id,
    revocation_id: entry.id,
    scope: entry.scope,
    subject: entry.subject,
    decided_at: at,
    interceptors: names.map((name) => {
      const slash = name.lastIndexOf("/");
      return { producer: name.slice(0, slash), boot: name.slice(slash + 1) };
    }),
  };
}

const MAX_REASON_CHARS = 1024; // of a decision
