import { join } from "node:path";
import { TOPICS, TriplineError } from "@tripline/events";
import { createHttp, loadOrCreateSigningKey, type PublicKey } from "@tripline/response";
import type {
  Guards,
  Part,
  PartHealth,
  RecordProducer,
  RedactionKeys,
  ServiceContext,
} from "@tripline/service";
import { type Log, type RunnerHandle, runStep, type TableReader } from "@tripline/stream";
import type { FastifyPluginAsync } from "fastify";
import { ControlsView, ControlsWriter, followControls } from "./controls/index.ts";
import { DECIDER_GROUP, openDecideStep } from "./decide/decide-step.ts";
import { Decider } from "./decide/decider.ts";
import { Outcomes } from "./decide/outcomes.ts";
import { decisionRecords } from "./decision-records.ts";
import { EnforcementDesk } from "./enforcement/enforcement-desk.ts";
import { EventWatch } from "./enforcement/event-watch.ts";
import { ForgedEntries } from "./enforcement/forged-entries.ts";
import { canaryCall } from "./guards/canary-call.ts";
import { TenantGuards } from "./guards/tenant-guards.ts";
import { ExceptionsDesk, IncidentDesk, MutesDesk } from "./incidents/index.ts";
import { NotifierQueues } from "./notify/notifier-queues.ts";
import { followRevocations } from "./revoke/revocation-table.ts";
import { RevocationView } from "./revoke/revocation-view.ts";
import { RevocationWriter } from "./revoke/revocation-writer.ts";
import { responderRoutes } from "./routes/index.ts";
import { ResponseFile } from "./settings/response-file.ts";
import { UpstreamDesk } from "./upstream/upstream-desk.ts";

export interface ResponderOptions {
  /** Its topics exist: alerts, triage, incidents, controls, revocations, upstream, state, dead letters. */
  log: Log;
  /** Holds `keys/` and `response.yaml`, which are made at the first start. */
  dataDir: string;
  /** Takes the decision records. Its part starts before this one and stops after it. */
  records: RecordProducer;
  /** What people type is redacted with their tenant's key before it is recorded. */
  secrets: RedactionKeys;
  context: ServiceContext;
  guards: Guards;
  /** Where people reach the console, for links in notifications; asked for each. */
  publicUrl(): string;
  /** Where secrets that `response.yaml` names by `env` are looked up; default: this process's. */
  env?: Readonly<Record<string, string | undefined>>;
}

export interface Responder {
  part: Part;
  routes: FastifyPluginAsync;
  /** What interceptors pin. */
  publicKeys: readonly PublicKey[];
}

const MAX_BATCH_RECORDS = 100; // the commit comes after the batch; decisions are made one by one anyway

/** Puts the responder together. Makes its signing key when there is none. @throws TriplineError TRIPLINE_RESPONDER_KEY */
export function createResponder(options: ResponderOptions): Responder {
  const { log, dataDir, context, guards, secrets } = options;
  const publicUrl = () => options.publicUrl().replace(/\/+$/, "");
  const env = options.env ?? process.env;
  const records = decisionRecords(options.records);
  const key = loadOrCreateSigningKey(join(dataDir, "keys"));
  const publicKeys = [{ id: key.id, public_key: key.publicKey }];
  const view = new RevocationView({ onEntry: (entry) => desk.entry(entry), directory: dataDir });
  const writer = new RevocationWriter({ log, key, view });
  const controls = new ControlsView();
  const controlsWriter = new ControlsWriter({ log, view: controls });
  const forged = new ForgedEntries(log, context);
  const watch = new EventWatch({
    log,
    context,
    onNews: (news) => {
      desk.heard(news);
      forged.heard(news);
    },
  });
  const responseConfig = () => settingsFile().settings.config;
  const desk = new EnforcementDesk({
    ...{ log, watch, records, context },
    deadlines: () => responseConfig().deadlines,
  });
  const tenantGuards = new TenantGuards({
    ...{ log, watch, view, writer, records, context },
    ...{ controls, controlsWriter, config: responseConfig },
    upstream: (entry) => upstream.expects(entry),
    call: (settings, signal) =>
      canaryCall(createHttp({ allowInternal: responseConfig().egress.allow_internal }), env)(
        settings,
        signal,
      ),
  });
  const outcomes = new Outcomes(view);
  const queues = new NotifierQueues({ log, records, context, publicUrl });
  const upstream = new UpstreamDesk({
    ...{ log, view, records, keys: publicKeys, context },
    deadlines: () => responseConfig().deadlines,
  });
  const incidents = new IncidentDesk({
    ...{ log, controls, controlsWriter, records, context },
    settings: responseConfig,
  });
  const atRunTime = { view: controls, writer: controlsWriter, records, context };
  let file: ResponseFile | undefined;
  let table: TableReader | undefined;
  let controlsTable: TableReader | undefined;
  let deciding: RunnerHandle | undefined;
  let state: "starting" | "ready" | "stopped" = "starting";
  let failure: string | undefined;

  const settingsFile = (): ResponseFile => {
    if (file !== undefined) return file;
    throw new TriplineError("TRIPLINE_STARTING", "the responder does not run yet, or no more", {
      kind: "retriable",
    });
  };
  const failed = (error: unknown): void => {
    failure = error instanceof Error ? error.message : "an unknown error";
  };

  const part: Part = {
    name: "responder",
    start: async () => {
      const path = join(dataDir, "response.yaml");
      const opened = await ResponseFile.open({
        path,
        env,
        context,
      });
      // All that was ever revoked or reinstated is known before the first alert is decided.
      const onForged = forged.read.bind(forged);
      table = await followRevocations({ log, view, keys: publicKeys, context, onForged });
      table.ended.catch(failed);
      controlsTable = await followControls({ log, view: controls, context });
      controlsTable.ended.catch(failed);
      // A group's first join takes seconds. Without the braces this would wait until the watch has ended.
      const watching = watch.start().then(() => {
        watch.handle?.ended.catch(failed);
      });
      watching.catch(failed);
      const config = () => opened.settings.config;
      const { halts, proposals } = tenantGuards;
      const decider = new Decider({
        ...{ view, writer, records, outcomes, halts, proposals, watch },
        ...{ config, context },
      });
      deciding = await runStep({
        log,
        name: DECIDER_GROUP,
        topic: TOPICS.alerts,
        maxBatchRecords: MAX_BATCH_RECORDS,
        commitEveryMs: 0, // what is not committed is decided again after a crash, and its record written twice
        logger: context.logger,
        open: (partition) =>
          openDecideStep(partition, { log, decider, outcomes, controls, now: context.now }),
      });
      await queues.use(opened.settings);
      upstream.use(opened.settings.revokers);
      opened.follow((settings) => {
        queues.use(settings).catch(failed);
        upstream.use(settings.revokers);
      });
      await watching;
      file = opened;
      await upstream.start();
      await incidents.start();
      desk.start();
      tenantGuards.start();
      state = "ready";
    },
    stop: async () => {
      await tenantGuards.close();
      await desk.close();
      await upstream.stop();
      await file?.stop();
      file = undefined;
      await queues.close();
      await deciding?.close();
      await incidents.close();
      await table?.close();
      view.close();
      await watch.close();
      await controlsTable?.close();
      state = "stopped";
    },
    health: () => {
      if (failure !== undefined) return { state: "failed", detail: failure };
      if (state !== "ready") return { state };
      const problem = file?.problem;
      const config: PartHealth[] = problem === undefined ? [] : [{ state: "degraded", detail: problem }];
      const late: PartHealth[] = desk.trouble === null ? [] : [{ state: "degraded", detail: desk.trouble }];
      const steps = [deciding, watch.handle].flatMap((step) => (step === undefined ? [] : [step.health()]));
      return worst([
        ...steps,
        ...incidents.health(),
        ...queues.health(),
        upstream.health(),
        ...config,
        ...late,
      ]);
    },
  };
  return {
    part,
    publicKeys,
    routes: responderRoutes({
      ...{ view, writer, records, secrets, context, guards, queues, file: settingsFile },
      ...{ tenantGuards, incidents },
      mutes: new MutesDesk(atRunTime),
      exceptions: new ExceptionsDesk(atRunTime),
    }),
  };
}

function worst(all: readonly PartHealth[]): PartHealth {
  for (const state of ["failed", "starting", "degraded"] as const) {
    const some = all.filter((health) => health.state === state);
    const detail = some.flatMap((health) => health.detail ?? []).join("; ");
    if (some.length > 0) return detail === "" ? { state } : { state, detail };
  }
  return { state: "ready" };
}
