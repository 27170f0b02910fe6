import type { CommittedOffset, ConsumeOptions, Consumer } from "../log.ts";
import { LocalConsumer } from "./local-consumer.ts";
import type { Partition } from "./partition.ts";

/** How a group's members reach its commits. */
export interface GroupCommits {
  committed(partition: number): CommittedOffset | null;
  commit(partition: number, offset: number, metadata: string): Promise<void>;
}

/**
 * The consumers of one group on one topic. The first takes every partition; one that joins later takes what nobody has
 * (usually nothing) and steps in when the owner leaves. An owned partition is never taken away.
 */
export class Group {
  readonly #partitions: readonly Partition[];
  readonly #commits: GroupCommits;
  readonly #members = new Set<LocalConsumer>();
  readonly #owners = new Map<Partition, LocalConsumer>();

  constructor(partitions: readonly Partition[], commits: GroupCommits) {
    this.#partitions = partitions;
    this.#commits = commits;
  }

  join(options: ConsumeOptions): Consumer {
    const consumer = new LocalConsumer(options, this.#commits, {
      released: (partition) => {
        this.#owners.delete(partition);
        this.#share();
      },
      leaving: () => this.#members.delete(consumer),
    });
    this.#members.add(consumer);
    this.#share();
    return consumer;
  }

  async close(): Promise<void> {
    const members = [...this.#members];
    this.#members.clear(); // nobody steps in
    await Promise.all(members.map((member) => member.close()));
  }

  #share(): void {
    for (const partition of this.#partitions) {
      if (this.#owners.has(partition)) continue;
      const [first] = this.#members;
      if (first === undefined) return;
      this.#owners.set(partition, first);
      first.take(partition);
    }
  }
}
