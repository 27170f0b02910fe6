import fc from "fast-check";
import kafkajs from "kafkajs";
import { expect, test } from "vitest";
import { partitionOf } from "./partitioner.ts";

test("a key goes to the partition that the Java-compatible Kafka partitioner picks", () => {
  const reference = kafkajs.Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 64 }), (key, partitions) => {
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
        partitionId,
        partitionErrorCode: 0,
        leader: 0,
        replicas: [],
        isr: [],
      }));
      const expected = reference({ topic: "t", partitionMetadata, message: { key, value: null } });
      expect(partitionOf(key, partitions)).toBe(expected);
    }),
  );
});
