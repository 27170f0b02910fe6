import type { Rule } from "@tripline/detection";
import { TOPICS } from "@tripline/events";
import type { SigningKey } from "@tripline/response";
import type { Part, PartHealth, ServiceContext } from "@tripline/service";
import {
  type Log,
  type PartitionInfo,
  type PartitionStep,
  type RunnerHandle,
  runStep,
} from "@tripline/stream";
import { FactTicker } from "./fact-ticker.ts";
import { firstStage, type StageDeps } from "./first-stage.ts";
import { detectorMetrics } from "./metrics.ts";
import { ControlExceptions } from "./rules/control-exceptions.ts";
import { RuleDirectory } from "./rules/rule-directory.ts";
import { RuleKeeper } from "./rules/rule-keeper.ts";
import { RuleSetStore } from "./rules/rule-set-store.ts";
import { fixedRules } from "./rules/rules-in-force.ts";
import { secondStage } from "./second-stage.ts";

/** Names in state keys, consumer groups and dead letters: changing one loses the state. */
const FIRST_STAGE = "detector";
const SECOND_STAGE = "detector-facts";
const RULE_KEEPING_PARTITION = 0; // there is one, however many there are

export interface DetectorDeps {
  log: Log;
  /** Rules that never change; or the files of rules that do, which are looked at as long as it runs. */
  rules: readonly Rule[] | RuleDirectory;
  context: Pick<ServiceContext, "logger" | "metrics" | "now">;
  /** Signs verdicts on calls that wait for one. Default: none is given. */
  verdictKey?: SigningKey | undefined;
  /** ms between snapshots; default 30 s */
  snapshotEveryMs?: number;
  /** ms by a clock that no one sets; default the process's. For tests whose log has a clock of its own. */
  elapsedMs?: () => number;
}

/** A detector that can be told to look at its rule files now. */
export interface Detector extends Part {
  reload(): Promise<void>;
}

/** The detector as a part of a process. The topics exist already. */
export function createDetector(deps: DetectorDeps): Detector {
  const { log, context, snapshotEveryMs } = deps;
  const metrics = detectorMetrics(context.metrics);
  const keeper =
    deps.rules instanceof RuleDirectory
      ? new RuleKeeper({
          log,
          store: new RuleSetStore(log),
          files: deps.rules,
          exceptions: new ControlExceptions(log, context.logger),
          logger: context.logger,
          now: context.now,
          onInForce: metrics.inForce,
        })
      : null;
  const stage: StageDeps = {
    rules: keeper?.rules ?? fixedRules(deps.rules instanceof RuleDirectory ? [] : deps.rules),
    metrics,
    now: context.now,
    verdictKey: deps.verdictKey,
  };
  const shared = {
    log,
    hooks: metrics.hooks,
    logger: context.logger,
    ...(snapshotEveryMs === undefined ? {} : { snapshotEveryMs }),
  };
  const ticker = new FactTicker({
    log,
    group: FIRST_STAGE,
    logger: context.logger,
    elapsedMs: deps.elapsedMs,
  });
  let stages: RunnerHandle[] = [];
  let stopped = false;

  /** Who has partition 0 of the events says which rules are in force. */
  async function openFirst(info: PartitionInfo): Promise<PartitionStep> {
    const step = firstStage(stage, info);
    if (keeper === null || info.partition !== RULE_KEEPING_PARTITION) return step;
    await keeper.own();
    return {
      ...step,
      onLost() {
        keeper.disown();
        step.onLost?.();
      },
    };
  }

  return {
    name: "detector",
    async start() {
      await keeper?.start();
      stages.push(
        await runStep({
          ...shared,
          name: FIRST_STAGE,
          topic: TOPICS.events,
          open: (info) => openFirst(info),
        }),
      );
      stages.push(
        await runStep({
          ...shared,
          name: SECOND_STAGE,
          topic: TOPICS.facts,
          open: (info) => secondStage(stage, info, ticker),
        }),
      );
      ticker.start();
    },
    async reload() {
      await keeper?.reload();
    },
    async stop() {
      await ticker.stop();
      // The first stage ends first: what it still writes, the second one reads at its next start.
      for (const running of stages) await running.close();
      stages = [];
      await keeper?.stop();
      stopped = true;
    },
    health() {
      if (stopped) return { state: "stopped" };
      if (ticker.failure === null) {
        const running = worst(stages);
        return running.state === "ready" && keeper !== null ? keeper.health() : running;
      }
      return { state: "failed", detail: `facts can't be put in order: ${String(ticker.failure)}` };
    },
  };
}

const WORST_FIRST = ["failed", "stopped", "starting", "degraded"] as const;
const STAGES = 2;

function worst(stages: readonly RunnerHandle[]): PartHealth {
  if (stages.length < STAGES) return { state: "starting" };
  const healths = stages.map((stage) => stage.health());
  for (const state of WORST_FIRST) {
    const found = healths.find((health) => health.state === state);
    if (found !== undefined) return found;
  }
  return { state: "ready" };
}
