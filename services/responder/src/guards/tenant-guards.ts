import type { ResponseConfig } from "@tripline/response";
import type { ServiceContext } from "@tripline/service";
import type { Log } from "@tripline/stream";
import type { ControlsView, ControlsWriter } from "../controls/index.ts";
import type { DecisionRecords } from "../decision-records.ts";
import type { EventWatch } from "../enforcement/event-watch.ts";
import type { InFlightCall, Target } from "../enforcement/in-flight.ts";
import { TriageWriter } from "../incidents/index.ts";
import type { RevocationView } from "../revoke/revocation-view.ts";
import type { RevocationWriter } from "../revoke/revocation-writer.ts";
import type { CanaryCall } from "./canary-call.ts";
import type { DrillDeps } from "./drill.ts";
import { Drills } from "./drills.ts";
import { Halts } from "./halts.ts";
import { Proposals } from "./proposals.ts";

const TIDY_EVERY_MS = 10_000; // a proposal lapses so much late at most

export interface TenantGuardsOptions {
  log: Pick<Log, "produce" | "partitionCount">;
  watch: EventWatch;
  view: RevocationView;
  writer: RevocationWriter;
  controls: ControlsView;
  controlsWriter: ControlsWriter;
  records: DecisionRecords;
  config(): ResponseConfig;
  upstream: DrillDeps["upstream"];
  call?: CanaryCall | undefined;
  context: ServiceContext;
}

/** What stands between a decision and a key, and shows that the way there works: halts, proposals, drills; and their timer. */
export class TenantGuards {
  readonly halts: Halts;
  readonly proposals: Proposals;
  readonly drills: Drills;
  readonly config: () => ResponseConfig;
  readonly #options: TenantGuardsOptions;
  #timer: NodeJS.Timeout | undefined;
  #tidying: Promise<void> | null = null;

  constructor(options: TenantGuardsOptions) {
    const { log, controls, controlsWriter, writer, records, context } = options;
    this.#options = options;
    this.config = options.config;
    this.halts = new Halts({ log, view: controls, writer: controlsWriter, records, context });
    this.proposals = new Proposals({
      ...{ view: controls, writer: controlsWriter, revocations: writer },
      ...{ records, triage: new TriageWriter(log), context },
      inFlight: (target) => this.inFlight(target),
    });
    this.drills = new Drills(options);
  }

  /** Calls under way that a revocation is about. */
  inFlight(target: Target): InFlightCall[] {
    return this.#options.watch.inFlight(target);
  }

  start(): void {
    this.#timer = setInterval(() => this.#tidySoon(), TIDY_EVERY_MS);
    this.drills.start();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.drills.close();
    await this.#tidying;
  }

  #tidySoon(): void {
    const { watch, context } = this.#options;
    if (!watch.leads || this.#tidying !== null) return;
    this.#tidying = this.proposals
      .tidy()
      .catch((error: unknown) => {
        context.logger.warn({ err: error }, "proposals could not be tidied up; tried again");
      })
      .finally(() => {
        this.#tidying = null;
      });
  }
}
