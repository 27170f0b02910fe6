import { type Incident, TOPICS } from "@tripline/events";
import {
  type Notification,
  notificationOf,
  notifiersFor,
  type ResponseConfig,
  routedOf,
} from "@tripline/response";
import {
  copiedFrom,
  type Log,
  type LogRecord,
  type Outcome,
  type PartitionInfo,
  type PartitionStep,
} from "@tripline/stream";
import { incidentIn } from "./incident-record.ts";
import { LaterNotices } from "./later-notices.ts";
import type { Teller } from "./teller.ts";
import { ToldIncidents } from "./told-incidents.ts";

// A notifier that was just added is told of what is still warm, not of the topic's last seven days.
const FIRST_LOOK_BACK_MS = 3600_000;
// A notice that waited longer may have been overtaken; one that comes through in time is told, whatever follows it.
const LATE_MS = 10_000;

export interface NotifyStepDeps {
  log: Pick<Log, "committed" | "offsets" | "scan">;
  group: string;
  /** The notifier's name, and what `response.yaml` says now. */
  name: string;
  config(): ResponseConfig;
  teller: Teller;
  /** Whether it has to be reminded of what is open. */
  keepOpen: boolean;
  /** Takes what the partition's notifier is to be reminded of; the function it returns takes it away. */
  remind(partition: number, told: Pick<ToldIncidents, "open" | "position">): () => void;
  /** ms since the epoch */
  now(): number;
}

/**
 * Tells one notifier about the incidents of one partition, in order. The queue is the topic itself and the group's commit: it
 * survives a restart and needs no bound of its own. While a receiver is down `process` throws as retriable and the runner
 * waits; when it is back, of an incident that has several notices waiting only the latest is told.
 */
export async function openNotifyStep(
  { partition }: Pick<PartitionInfo, "partition">,
  deps: NotifyStepDeps,
): Promise<PartitionStep> {
  const { log, group, now, teller } = deps;
  const committed = (await log.committed(TOPICS.incidents, group)).get(partition);
  const handleFrom = committed?.offset ?? 0;
  const appendedFrom = committed === undefined ? now() - FIRST_LOOK_BACK_MS : 0;
  const told = new ToldIncidents({ keepOpen: deps.keepOpen });
  const wants = (incident: Incident) => isWanted(incident, deps, told);
  const later = new LaterNotices({ log, partition, isWanted: wants, now });
  const forget = deps.remind(partition, told);

  return {
    process: async (record) => {
      const outcome = await handle(record);
      told.position = record.offset + 1;
      return outcome;
    },
    snapshot: () => told.encode(),
    restore: (bytes) => told.restore(bytes),
    onLost: forget,
  };

  async function handle(record: LogRecord): Promise<Outcome> {
    const incident = incidentIn(record);
    if (incident === null) return { kind: "skip", reason: "invalid" };
    if (incident.notice === undefined) {
      told.see(incident);
      return { kind: "skip", reason: "no_notice" };
    }
    if (!wants(incident)) return { kind: "skip", reason: "not_wanted" };
    if (told.isTold(incident)) return { kind: "skip", reason: "duplicate" };
    const isHandled = record.offset < handleFrom || copiedFrom(record) !== null;
    if (!isHandled && record.appendTime >= appendedFrom) {
      const isLate = now() - record.appendTime > LATE_MS;
      if (isLate && (await later.supersede(incident.id, record.offset))) {
        return { kind: "skip", reason: "superseded" };
      }
      const reason = await teller.tell(incident, record);
      told.add(incident);
      return { kind: "skip", reason };
    }
    told.add(incident);
    return { kind: "skip", reason: "handled_before" };
  }
}

/** Who was told that an incident is there also hears that it is over, whatever the routes say about that. */
function isWanted(
  incident: Incident,
  { name, config }: Pick<NotifyStepDeps, "name" | "config">,
  told: ToldIncidents,
): boolean {
  const notification = notificationOf(incident, "");
  if (notification === undefined) return false;
  return (isEnd(notification) && told.knows(incident.id)) || isRouted(notification, name, config());
}

function isEnd({ kind }: Notification): boolean {
  return kind === "resolved" || kind === "false_positive";
}

function isRouted(notification: Notification, name: string, config: ResponseConfig): boolean {
  return notifiersFor(config, routedOf(notification)).has(name);
}
