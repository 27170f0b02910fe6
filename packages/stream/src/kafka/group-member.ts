import { setTimeout as delay } from "node:timers/promises";
import kafkajs, { type Broker, type Cluster, type PartitionAssigner } from "kafkajs";
import { z } from "zod";
import { hasCode } from "../errors.ts";
import { fromKafka, isPassing, kafkaType } from "./errors.ts";
import { can, forget } from "./kafka-cluster.ts";
import { leaveSilentBrokers } from "./reading-cluster.ts";

const joined = z.object({ generationId: z.number().int(), memberId: z.string() });

const STEP_MS = 1_000; // kafkajs goes from one step of a joining to the next within milliseconds
const LOOK_AGAIN_MS = 3_000; // a joining may rightly wait a minute for other members, but not for a node that is gone

/** Who this process was in the group between two joinings. */
export interface Membership {
  generationId: number;
  memberId: string;
}

/** kafkajs joins the group again when it meets this. */
class JoinAgain extends kafkajs.KafkaJSError {
  readonly type = "REBALANCE_IN_PROGRESS";
}

/**
 * What kafkajs's consumer does not give away: the moment before it joins its group anew, under which generation it did,
 * a commit under exactly that generation, and word of an offset that is not in the log.
 *
 * And what it lacks: a heartbeat is well only while the assignment is held. Where a joining broke off, or the assignment
 * was given up, kafkajs may go on with heartbeats of its old membership and read nothing for good; here they tell it to
 * join. A coordinator that does not answer is left, for the one that the others name.
 */
export class GroupMember {
  readonly #group: string;
  readonly #on: { joining(): void; outOfRange(): void; fetched(partitions: number[]): void };
  readonly #watched = new WeakSet<Broker>();
  #cluster: Cluster | null = null;
  #find: (() => Promise<Broker>) | null = null;
  #coordinator: Broker | null = null;
  #membership: Membership | null = null;
  #join: Promise<unknown> | null = null;
  #sync: Promise<unknown> | null = null;
  #outSince: number | null = performance.now();
  #lastStepAt = 0;

  /**
   * @param on `joining`: synchronously, before each joining: what was assigned belongs to nobody from now on.
   * `fetched`: the leader of these partitions has answered.
   */
  constructor(
    group: string,
    on: { joining(): void; outOfRange(): void; fetched(partitions: number[]): void },
  ) {
    this.#group = group;
    this.#on = on;
  }

  /** For `partitionAssigners`: assigns as kafkajs's round robin, under the same name. */
  readonly assigner: PartitionAssigner = (config) => {
    this.#watch(config.cluster);
    const roundRobin = kafkajs.PartitionAssigners.roundRobin(config);
    return {
      ...roundRobin,
      protocol: (subscription) => {
        this.#membership = null;
        this.givesUp();
        this.#on.joining();
        return roundRobin.protocol(subscription);
      },
    };
  };

  /** Between the end of a joining and the beginning of the next; null while joining. */
  get membership(): Membership | null {
    return this.#membership;
  }

  /** The assignment of the last joining is held from now on. */
  holds(): void {
    this.#outSince = null;
  }

  /** It is not held any more: the next thing to do is to join. */
  givesUp(): void {
    this.#lastStepAt = performance.now();
    this.#outSince ??= this.#lastStepAt;
  }

  /** Since when no assignment is held, as `performance.now()` has it; null while one is. */
  get outSince(): number | null {
    return this.#outSince;
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
      this.#leave(coordinator, error); // it may have moved
      const lost = hasCode(fromKafka(error, ""), "TRIPLINE_STREAM_ASSIGNMENT_LOST");
      if (lost && membership === this.#membership) this.givesUp();
      throw error;
    }
  }

  async #findCoordinator(): Promise<Broker> {
    if (this.#coordinator?.isConnected() === true) return this.#coordinator;
    if (this.#cluster === null) throw new Error("the consumer was made without this member's assigner");
    this.#coordinator = await this.#cluster.findGroupCoordinator({ groupId: this.#group });
    return this.#coordinator;
  }

  #leave(coordinator: Broker, error: unknown): void {
    if (this.#coordinator === coordinator) this.#coordinator = null;
    if (this.#cluster === null || forget(this.#cluster, error) === null) return;
    coordinator.disconnect().catch(() => undefined); // nobody uses it any more
  }

  #watch(cluster: Cluster): void {
    this.#cluster = cluster;
    leaveSilentBrokers(cluster, this.#on.fetched);
    const find = cluster.findGroupCoordinator.bind(cluster);
    this.#find = () => find({ groupId: this.#group });
    cluster.findGroupCoordinator = async (request) => {
      const coordinator = await find(request);
      this.#watchCoordinator(coordinator);
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
      this.#on.outOfRange();
      throw new kafkajs.KafkaJSError("an offset is not in the log: Tripline does not jump");
    };
  }

  #watchCoordinator(coordinator: Broker): void {
    if (this.#watched.has(coordinator)) return;
    this.#watched.add(coordinator);
    if (!can(coordinator, "joinGroup") || !can(coordinator, "syncGroup") || !can(coordinator, "heartbeat"))
      throw new Error("this kafkajs joins groups otherwise: install 2.2.4");
    const join = coordinator.joinGroup.bind(coordinator);
    const sync = coordinator.syncGroup.bind(coordinator);
    const beat = coordinator.heartbeat.bind(coordinator);
    // kafkajs's fetchers each join when they meet a new leader. A broker answers the last of a member's joins alone, and
    // the other waits a minute for nothing, and its partitions with it: so they share one.
    coordinator.joinGroup = (request) => {
      this.#join ??= this.#joinAt(coordinator, () => join(request)).finally(() => {
        this.#join = null;
        this.#lastStepAt = performance.now();
      });
      return this.#join;
    };
    coordinator.syncGroup = (request) => {
      this.#sync ??= sync(request).finally(() => {
        this.#sync = null;
        this.#lastStepAt = performance.now();
      });
      return this.#sync;
    };
    coordinator.heartbeat = async (request) => {
      if (this.#outSince === null) return this.#beat(coordinator, () => beat(request));
      const joining = this.#join !== null || this.#sync !== null;
      if (!joining && performance.now() - this.#lastStepAt > STEP_MS)
        throw new JoinAgain("nothing is held of what the group assigned");
      return null; // on the way
    };
  }

  async #joinAt(coordinator: Broker, join: () => Promise<unknown>): Promise<unknown> {
    const over = new AbortController();
    try {
      const answer = await Promise.race([join(), this.#moved(coordinator, over.signal)]);
      this.#membership = joined.parse(answer);
      this.#coordinator = coordinator;
      return answer;
    } catch (error) {
      this.#leave(coordinator, error);
      throw error;
    } finally {
      over.abort();
    }
  }

  /** Rejects when the group has got another coordinator. */
  async #moved(coordinator: Broker, over: AbortSignal): Promise<never> {
    for (;;) {
      await delay(LOOK_AGAIN_MS, undefined, { signal: over }).catch(() => undefined);
      const now = over.aborted ? null : ((await this.#find?.().catch(() => null)) ?? null); // asked again
      if (over.aborted) return await new Promise<never>(() => undefined); // the race is over
      if (now !== null && now !== coordinator) throw new JoinAgain("the group has another coordinator");
    }
  }

  async #beat(coordinator: Broker, beat: () => Promise<unknown>): Promise<unknown> {
    try {
      return await beat();
    } catch (error) {
      if (kafkaType(error) === "UNKNOWN_MEMBER_ID" || !isPassing(error)) throw error;
      this.#leave(coordinator, error);
      throw new JoinAgain(error instanceof Error ? error : String(error));
    }
  }
}
