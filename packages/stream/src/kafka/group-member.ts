import kafkajs, { type Broker, type Cluster, type PartitionAssigner } from "kafkajs";
import { z } from "zod";
import { can } from "./kafka-cluster.ts";

const joined = z.object({ generationId: z.number().int(), memberId: z.string() });

/** Who this process was in the group between two joinings. */
export interface Membership {
  generationId: number;
  memberId: string;
}

/**
 * What kafkajs's consumer does not give away: the moment before it joins its group anew, under which generation it did,
 * a commit under exactly that generation, and word of an offset that is not in the log.
 */
export class GroupMember {
  readonly #group: string;
  readonly #onJoining: () => void;
  readonly #onOutOfRange: () => void;
  readonly #watched = new WeakSet<Broker>();
  #cluster: Cluster | null = null;
  #coordinator: Broker | null = null;
  #membership: Membership | null = null;

  /** @param on `joining`: synchronously, before each joining: what was assigned belongs to nobody from now on. */
  constructor(group: string, on: { joining(): void; outOfRange(): void }) {
    this.#group = group;
    this.#onJoining = on.joining;
    this.#onOutOfRange = on.outOfRange;
  }

  /** For `partitionAssigners`: assigns as kafkajs's round robin, under the same name. */
  readonly assigner: PartitionAssigner = (config) => {
    this.#watch(config.cluster);
    const roundRobin = kafkajs.PartitionAssigners.roundRobin(config);
    return {
      ...roundRobin,
      protocol: (subscription) => {
        this.#membership = null;
        this.#onJoining();
        return roundRobin.protocol(subscription);
      },
    };
  };

  /** Between the end of a joining and the beginning of the next; null while joining. */
  get membership(): Membership | null {
    return this.#membership;
  }

  /** Sent once, under that membership alone: after a rebalance the coordinator refuses it. */
  async commit(
    membership: Membership,
    topic: string,
    commit: { partition: number; offset: string; metadata: string },
  ): Promise<void> {
    const { memberId, generationId } = membership;
    const coordinator = await this.#findCoordinator();
    try {
      await coordinator.offsetCommit({
        groupId: this.#group,
        memberId,
        groupGenerationId: generationId,
        topics: [{ topic, partitions: [commit] }],
      });
    } catch (error) {
      this.#coordinator = null; // it may have moved
      throw error;
    }
  }

  async #findCoordinator(): Promise<Broker> {
    if (this.#coordinator?.isConnected() === true) return this.#coordinator;
    if (this.#cluster === null) throw new Error("the consumer was made without this member's assigner");
    this.#coordinator = await this.#cluster.findGroupCoordinator({ groupId: this.#group });
    return this.#coordinator;
  }

  #watch(cluster: Cluster): void {
    this.#cluster = cluster;
    const find = cluster.findGroupCoordinator.bind(cluster);
    cluster.findGroupCoordinator = async (request) => {
      const coordinator = await find(request);
      this.#watchJoins(coordinator);
      return coordinator;
    };
    // kafkajs asks for it at two places: where a partition never had a commit, and to jump over an offset that is not in
    // the log, which it then commits over ours. The first gets its answer below; the second is left with an error.
    cluster.fetchTopicsOffset = async (topics) =>
      topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition }) => ({ partition, offset: "0" })), // a seek follows before any fetch
      }));
    cluster.defaultOffset = () => {
      this.#onOutOfRange();
      throw new kafkajs.KafkaJSError("an offset is not in the log: Tripline does not jump");
    };
  }

  #watchJoins(coordinator: Broker): void {
    if (this.#watched.has(coordinator)) return;
    this.#watched.add(coordinator);
    if (!can(coordinator, "joinGroup")) throw new Error("this kafkajs joins groups otherwise: install 2.2.4");
    const join = coordinator.joinGroup.bind(coordinator);
    coordinator.joinGroup = async (request) => {
      const answer = await join(request);
      this.#membership = joined.parse(answer);
      this.#coordinator = coordinator;
      return answer;
    };
  }
}
