import { TOPICS } from "@tripline/events";
import { copiedFrom, type Log, type PartitionInfo, type PartitionStep } from "@tripline/stream";
import { alertIdentity, parseAlert } from "../alert-record.ts";
import type { DecidedPositions } from "./decided-positions.ts";
import type { Decider } from "./decider.ts";
import { SeenAlerts } from "./seen-alerts.ts";

export const DECIDER_GROUP = "responder";

/**
 * Decides about each alert of one partition once. Its effects (revocation, record) are durable when `process` returns, for the
 * revocation may not wait for a batch; so it emits nothing.
 */
export async function openDecideStep(
  { partition }: PartitionInfo,
  deps: { log: Log; decider: Decider; positions: DecidedPositions },
): Promise<PartitionStep> {
  const committed = await deps.log.committed(TOPICS.alerts, DECIDER_GROUP);
  const handleFrom = committed.get(partition)?.offset ?? 0;
  const seen = new SeenAlerts();
  return {
    process: async (record) => {
      const alert = parseAlert(record);
      const identity = alertIdentity(alert);
      // Before the commit, or in the log's earlier generation, it was handled already and only comes again to be remembered.
      const reason =
        record.offset < handleFrom || copiedFrom(record) !== null
          ? "handled_before"
          : seen.has(identity)
            ? "duplicate"
            : await deps.decider.handle(alert, record.appendTime);
      seen.add(identity);
      deps.positions.advance(partition, record.offset + 1);
      return { kind: "skip", reason };
    },
    snapshot: () => seen.encode(),
    restore: (bytes) => seen.restore(bytes),
  };
}
