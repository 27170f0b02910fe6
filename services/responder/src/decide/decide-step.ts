import { type Alert, TOPICS } from "@tripline/events";
import { isOver, muteOfAlert } from "@tripline/response";
import { copiedFrom, type Log, type PartitionInfo, type PartitionStep } from "@tripline/stream";
import { alertIdentity, parseAlert } from "../alert-record.ts";
import type { ControlsView } from "../controls/index.ts";
import { alertEmission } from "../incidents/triage-record.ts";
import type { Decider } from "./decider.ts";
import type { Outcomes } from "./outcomes.ts";
import { SeenAlerts } from "./seen-alerts.ts";

export const DECIDER_GROUP = "responder";

export interface DecideStepDeps {
  log: Pick<Log, "committed">;
  decider: Decider;
  outcomes: Outcomes;
  controls: ControlsView;
  /** ms since the epoch */
  now(): number;
}

/**
 * Decides about each alert of one partition once. What it decided (revocation, record) is durable when `process` returns, for the
 * revocation may not wait for a batch; the alert then goes on to the triage topic, with what was done about it.
 */
export async function openDecideStep(
  { partition }: PartitionInfo,
  { log, decider, outcomes, controls, now }: DecideStepDeps,
): Promise<PartitionStep> {
  const committed = await log.committed(TOPICS.alerts, DECIDER_GROUP);
  const handleFrom = committed.get(partition)?.offset ?? 0;
  const seen = new SeenAlerts();

  function triageOf(alert: Alert) {
    const at = now();
    const muted = muteOfAlert(controls.all(alert.tenant, "mute"), alert, at)?.id;
    return alertEmission({ kind: "alert", alert, done: outcomes.whatWasDone(alert, at), muted });
  }

  return {
    process: async (record) => {
      const alert = parseAlert(record);
      const identity = identityOf(alert);
      // Before the commit, or in the log's earlier generation, it was handled already and only comes again to be remembered.
      const known =
        record.offset < handleFrom || copiedFrom(record) !== null
          ? "handled_before"
          : seen.has(identity)
            ? "duplicate"
            : null;
      if (known === null && !isOver(alert)) await decider.handle(alert, record.appendTime);
      seen.add(identity);
      if (known !== null) return { kind: "skip", reason: known };
      return { kind: "emit", records: [triageOf(alert)] };
    },
    snapshot: () => seen.encode(),
    restore: (bytes) => seen.restore(bytes),
  };
}

/** That an alert is over is another thing to know than that it was found. */
function identityOf(alert: Alert): string {
  return isOver(alert) ? `${alertIdentity(alert)}/over/${alert.state_at ?? ""}` : alertIdentity(alert);
}
