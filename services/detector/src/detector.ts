import { type Rule, splitRules } from "@tripline/detection";
import { TOPICS } from "@tripline/events";
import type { Part, PartHealth, ServiceContext } from "@tripline/service";
import { type Log, type RunnerHandle, runStep } from "@tripline/stream";
import { FactTicker } from "./fact-ticker.ts";
import { firstStage, type StageDeps } from "./first-stage.ts";
import { detectorMetrics } from "./metrics.ts";
import { secondStage } from "./second-stage.ts";

/** Names in state keys, consumer groups and dead letters: changing one loses the state. */
const FIRST_STAGE = "detector";
const SECOND_STAGE = "detector-facts";

/** What an operator says about their own world. */
export interface DetectorSettings {
  /** Domains whose addresses stay inside; a name covers its subdomains. */
  internalHosts?: readonly string[];
  /** Servers whose own annotations (`readOnlyHint` …) are believed. */
  trustedServers?: readonly string[];
}

export interface DetectorDeps extends DetectorSettings {
  log: Log;
  rules: readonly Rule[];
  context: Pick<ServiceContext, "logger" | "metrics" | "now">;
  /** ms between snapshots; default 30 s */
  snapshotEveryMs?: number;
  /** ms by a clock that no one sets; default the process's. For tests whose log has a clock of its own. */
  elapsedMs?: () => number;
}

/** The detector as a part of a process. The topics exist already. */
export function createDetector(deps: DetectorDeps): Part {
  const { log, rules, context, snapshotEveryMs } = deps;
  const metrics = detectorMetrics(context.metrics);
  const stage: StageDeps = {
    rules,
    options: {
      internalHosts: deps.internalHosts ?? [],
      isTrustedServer: (server) => deps.trustedServers?.includes(server) === true,
    },
    metrics,
    now: context.now,
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
  return {
    name: "detector",
    async start() {
      const { first, second } = splitRules(rules);
      stages.push(
        await runStep({
          ...shared,
          name: FIRST_STAGE,
          topic: TOPICS.events,
          open: (info) => firstStage(stage, info),
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
      context.logger.info(
        { rules: rules.length, first: first.length, second: second.length },
        "rules are on",
      );
    },
    async stop() {
      await ticker.stop();
      // The first stage ends first: what it still writes, the second one reads at its next start.
      for (const running of stages) await running.close();
      stages = [];
      stopped = true;
    },
    health() {
      if (stopped) return { state: "stopped" };
      if (ticker.failure === null) return worst(stages);
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
