import { TOPICS } from "@tripline/events";
import { hasCode } from "../errors.ts";
import type { CommittedOffset, Log } from "../log.ts";

/** Who works a topic off, as a consumer group of a service. Notifiers have groups of their own, by their names. */
export interface Follower {
  topic: string;
  group: string;
}

/** Every group of Tripline's services whose work on a generation has to be done before it is closed. */
export const FOLLOWERS: readonly Follower[] = [
  { topic: TOPICS.events, group: "archiver-events" },
  { topic: TOPICS.events, group: "detector" },
  { topic: TOPICS.facts, group: "detector-facts" },
  { topic: TOPICS.alerts, group: "archiver-alerts" },
  { topic: TOPICS.alerts, group: "responder" },
  { topic: TOPICS.triage, group: "responder-incidents" },
  { topic: TOPICS.incidents, group: "archiver-incidents" },
  { topic: TOPICS.revocations, group: "archiver-revocations" },
  { topic: TOPICS.deadLetters, group: "archiver-dead-letters" },
];

/** What the groups of the responder's notifiers, on the topic of incidents, begin with. */
export const NOTIFIER_GROUP = "responder-notifier-";

/** The groups of the responder's notifiers, where the log can say which there are. Some may be of notifiers long gone. */
export async function notifierFollowers(log: Pick<Log, "groups">): Promise<Follower[]> {
  const groups = (await log.groups?.(TOPICS.incidents)) ?? [];
  return groups
    .filter((group) => group.startsWith(NOTIFIER_GROUP))
    .map((group) => ({ topic: TOPICS.incidents, group }));
}

export interface FollowerLag extends Follower {
  /** Records behind its commits, over all partitions. */
  behind: number;
  /** For each partition: the next record that it has not worked off. */
  next: Map<number, number>;
}

/** How far each has come. A topic that does not exist has nothing to be worked off. */
export async function followerLags(
  log: Pick<Log, "offsets" | "committed">,
  followers: readonly Follower[],
): Promise<FollowerLag[]> {
  return Promise.all(
    followers.map(async ({ topic, group }) => {
      const offsets = await offsetsOf(log, topic);
      const committed =
        offsets.length === 0 ? new Map<number, CommittedOffset>() : await log.committed(topic, group);
      const next = new Map<number, number>();
      let behind = 0;
      for (const bounds of offsets) {
        const at = Math.max(committed.get(bounds.partition)?.offset ?? bounds.earliest, bounds.earliest);
        next.set(bounds.partition, Math.min(at, bounds.next));
        behind += Math.max(0, bounds.next - at);
      }
      return { topic, group, behind, next };
    }),
  );
}

/** Empty for a topic that does not exist. */
export async function offsetsOf(log: Pick<Log, "offsets">, topic: string) {
  try {
    return await log.offsets(topic);
  } catch (error) {
    if (hasCode(error, "TRIPLINE_STREAM_TOPIC_UNKNOWN")) return [];
    throw error;
  }
}
