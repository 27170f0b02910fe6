import type { Cluster } from "kafkajs";
import { z } from "zod";
import { can } from "./kafka-cluster.ts";

const SEQUENCES = 2 ** 31; // they begin again at 0 behind the greatest int32

const given = z.object({
  producerId: z.coerce.number().int().nonnegative(),
  producerEpoch: z.number().int(),
});

/**
 * What a broker knows an idempotent producer by: an id, and for each partition the number of the next record. A batch that
 * comes twice under the same numbers is written once. Numbers are used up only by a batch that is known to be written; where
 * that stays unknown the identity has to be given up, for a later batch under the same numbers would be taken for the
 * earlier one and vanish.
 */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
  nextSequence(partition: string): number;
  wrote(partition: string, records: number): void;
}

export async function newIdentity(cluster: Cluster): Promise<ProducerIdentity> {
  const broker = await cluster.findControllerBroker();
  if (!can(broker, "initProducerId")) throw new Error("this kafkajs gives no producer ids: install 2.2.4");
  const answer = await broker.initProducerId({ transactionTimeout: 60_000 }); // of no meaning without transactions
  const { producerId, producerEpoch } = given.parse(answer);
  const next = new Map<string, number>();
  return {
    producerId,
    producerEpoch,
    nextSequence: (partition) => next.get(partition) ?? 0,
    wrote: (partition, records) => {
      next.set(partition, ((next.get(partition) ?? 0) + records) % SEQUENCES);
    },
  };
}
