import { pipelineAlert } from "@tripline/events";
import { type DrillSettings, durationMs, type ResponseConfig } from "@tripline/response";
import { HttpError, histogram, type ServiceContext } from "@tripline/service";
import type { Log } from "@tripline/stream";
import type { DecisionRecords } from "../decision-records.ts";
import type { EventWatch } from "../enforcement/event-watch.ts";
import { raiseAlert } from "../raise-alert.ts";
import type { RevocationView } from "../revoke/revocation-view.ts";
import type { RevocationWriter } from "../revoke/revocation-writer.ts";
import type { CanaryCall } from "./canary-call.ts";
import { DRILL_BY, type DrillDeps, runDrill } from "./drill.ts";
import type { DrillReport } from "./drill-report.ts";

const LOOK_EVERY_MS = 1_000; // a drill on schedule begins so much late at most

export interface DrillsOptions {
  log: Pick<Log, "produce">;
  watch: EventWatch;
  view: RevocationView;
  writer: RevocationWriter;
  records: DecisionRecords;
  config(): ResponseConfig;
  upstream: DrillDeps["upstream"];
  call?: CanaryCall | undefined;
  context: ServiceContext;
}

/** Drills by hand and on schedule: one at a time for a tenant, each a `drilled` record, a failure an alert. */
export class Drills {
  readonly #options: DrillsOptions;
  readonly #running = new Map<string, Promise<DrillReport>>();
  /** When each tenant's last drill was, as far as it was looked up: all that was ever revoked is looked through for it. */
  readonly #last = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #seconds;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DrillsOptions) {
    this.#options = options;
    this.#seconds = histogram(options.context.metrics, {
      name: "tripline_drill_seconds",
      help: "Of a drill, from the decision until every interceptor refused, and from the reinstatement until it allowed",
      labels: ["stage"],
    });
  }

  start(): void {
    this.#timer = setInterval(() => this.#onSchedule(), LOOK_EVERY_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await Promise.allSettled(this.#running.values());
  }

  /**
   * Runs the tenant's drill.
   * @throws HttpError 409 where none is configured, or one is running
   */
  run(tenant: string, by: string): Promise<DrillReport> {
    const settings = this.#options.config().drills.find((each) => each.tenant === tenant);
    if (settings === undefined) {
      throw new HttpError(
        409,
        "TRIPLINE_DRILL_NOT_CONFIGURED",
        "no drill is configured for this tenant: name a canary credential under `drills` in response.yaml",
      );
    }
    if (this.#running.has(tenant)) {
      throw new HttpError(409, "TRIPLINE_DRILL_RUNNING", "a drill of this tenant is running: wait for it");
    }
    const running = this.#drill(settings, by).finally(() => this.#running.delete(tenant));
    this.#running.set(tenant, running);
    return running;
  }

  async #drill(settings: DrillSettings, by: string): Promise<DrillReport> {
    const { records, context, watch, writer, upstream, call } = this.#options;
    const deps = { watch, writer, call, upstream, now: () => context.now() };
    const report = await runDrill(settings, deps, this.#stop.signal);
    const at = new Date(context.now()).toISOString();
    if (report.refused_ms !== null) this.#seconds.observe({ stage: "refused" }, report.refused_ms / 1000);
    if (report.allowed_ms !== null) this.#seconds.observe({ stage: "allowed" }, report.allowed_ms / 1000);
    if (!report.ok) await this.#alarm(report);
    await records.write(settings.tenant, {
      kind: "drilled",
      reason: sentence(report),
      by,
      revocation_id: report.revocation_id,
      scope: "credential",
      subject: report.credential,
      decided_at: at,
    });
    context.logger[report.ok ? "info" : "error"](
      { tenant: settings.tenant, drill: report },
      sentence(report),
    );
    return report;
  }

  async #alarm(report: DrillReport): Promise<void> {
    const now = this.#options.context.now();
    await raiseAlert(
      this.#options.log,
      pipelineAlert({
        rule: "drill-failed",
        tenant: report.tenant,
        identity: report.revocation_id,
        group: `drill=${report.credential}`,
        timeMs: now,
        summary: `The revocation drill failed: ${report.failures.join("; ")}`.slice(0, MAX_REASON_CHARS),
        why: "A canary key was revoked and not refused everywhere, or not given back. A real key would have stayed usable too.",
        next: [
          `tripline revocations ${report.revocation_id} shows each step`,
          "look at the interceptors and issuers that it names, then run `tripline drill` again",
        ],
      }),
    );
  }

  /** Only one responder of several; the last drill is known from the revocations topic, which all of them read. */
  #onSchedule(): void {
    const { watch, config, context } = this.#options;
    if (!watch.leads) return;
    for (const settings of config().drills) {
      const everyMs = durationMs(settings.every ?? "");
      if (everyMs === undefined || this.#running.has(settings.tenant)) continue;
      if (context.now() - (this.#last.get(settings.tenant) ?? 0) < everyMs) continue;
      const last = this.#lastDrill(settings);
      this.#last.set(settings.tenant, last);
      if (context.now() - last < everyMs) continue;
      this.run(settings.tenant, DRILL_BY).catch((error: unknown) => {
        context.logger.error({ err: error, tenant: settings.tenant }, "a drill could not be run");
      });
    }
  }

  #lastDrill({ tenant, credential }: DrillSettings): number {
    return this.#options.view.lastDecidedBy(tenant, DRILL_BY, { scope: "credential", subject: credential });
  }
}

function sentence(report: DrillReport): string {
  if (!report.ok) return `failed: ${report.failures.join("; ")}`.slice(0, MAX_REASON_CHARS);
  const { interceptors, refused_ms, allowed_ms, call, upstream } = report;
  const held = interceptors.filter(({ advisory }) => !advisory).length;
  return [
    `${held} interceptor${held === 1 ? "" : "s"} refused within ${refused_ms ?? "–"} ms and allowed again within ${allowed_ms ?? "–"} ms`,
    ...(call === null ? [] : ["a real call was refused"]),
    ...(upstream === null ? [] : [`the issuer refused after ${upstream.verified_ms ?? "–"} ms`]),
  ].join("; ");
}

const MAX_REASON_CHARS = 1024; // of a decision
