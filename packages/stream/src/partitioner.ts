/** Which partition a key belongs to: the same choice as Kafka's Java client, so that other producers agree. */

/**
 * Kafka's default partition of a key: murmur2 of its UTF-8 bytes, sign bit cleared, modulo the partition count.
 * Source: org.apache.kafka.common.utils.Utils.murmur2 and BuiltInPartitioner.partitionForKey.
 */
export function partitionOf(key: string, partitions: number): number {
  return partitions === 1 ? 0 : (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

/** MurmurHash2, 32 bits, with Kafka's seed. */
export function murmur2(data: Uint8Array): number {
  const M = 0x5bd1e995;
  const length = data.length;
  const at = (index: number) => data[index] ?? 0;
  let h = 0x9747b28c ^ length;
  const tail = length - (length % 4);
  for (let i = 0; i < tail; i += 4) {
    let k = at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24);
    k = Math.imul(k, M);
    k = Math.imul(k ^ (k >>> 24), M);
    h = Math.imul(h, M) ^ k;
  }
  if (length % 4 === 3) h ^= at(tail + 2) << 16;
  if (length % 4 >= 2) h ^= at(tail + 1) << 8;
  if (length % 4 >= 1) h = Math.imul(h ^ at(tail), M);
  h = Math.imul(h ^ (h >>> 13), M);
  return h ^ (h >>> 15);
}
