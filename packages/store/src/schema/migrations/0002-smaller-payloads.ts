import type { Migration } from "../migration.ts";

/**
 * Fewer bytes for each record, and the highest number of each producer's boot without reading the table.
 *
 * - What is random in a payload (salt, digest) is kept as its bytes, and not as hex inside JSON. Ids begin with their
 *   time: the next level of compression finds that, which is 2 bytes of each.
 * - Results are found by a Bloom filter of their words for each granule: a tenth of the text index's bytes, which were
 *   a seventh of the store. Arguments keep the text index: they are what is searched for names and addresses.
 * - A payload's call is its record's: `records` knows it.
 * - A range of the log is found by the least and greatest offset of each granule.
 * - The projection `boots` is a part of each of the table's parts, so that it can't miss a row that the table has.
 *
 * Parts that were written before get index and projection in the background; questions are right meanwhile, and slower.
 */
export const smallerPayloads: Migration = {
  version: 2,
  name: "smaller payloads",
  statements: [
    "ALTER TABLE payloads ADD COLUMN IF NOT EXISTS salt_hex String EPHEMERAL '' AFTER error",
    `ALTER TABLE payloads ADD COLUMN IF NOT EXISTS
      salt FixedString(16) DEFAULT unhex(salt_hex) CODEC(NONE) AFTER salt_hex`,
    "ALTER TABLE payloads ADD COLUMN IF NOT EXISTS args_digest_hex String EPHEMERAL '' AFTER salt",
    `ALTER TABLE payloads ADD COLUMN IF NOT EXISTS
      args_digest FixedString(16) DEFAULT unhex(args_digest_hex) CODEC(ZSTD(1)) AFTER args_digest_hex`,
    "ALTER TABLE payloads MODIFY COLUMN record_id CODEC(ZSTD(3))",
    "ALTER TABLE records MODIFY COLUMN id CODEC(ZSTD(3))",
    "ALTER TABLE records MODIFY COLUMN call_id CODEC(ZSTD(3))",
    "ALTER TABLE payloads DROP INDEX IF EXISTS i_result",
    "ALTER TABLE payloads DROP INDEX IF EXISTS i_record",
    "ALTER TABLE payloads DROP COLUMN IF EXISTS call_id",
    "ALTER TABLE payloads ADD INDEX IF NOT EXISTS i_result_words lower(result) TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 1",
    "ALTER TABLE payloads MATERIALIZE INDEX i_result_words",
    "ALTER TABLE payloads ADD INDEX IF NOT EXISTS i_offset source_offset TYPE minmax GRANULARITY 1",
    "ALTER TABLE records ADD INDEX IF NOT EXISTS i_offset source_offset TYPE minmax GRANULARITY 1",
    `ALTER TABLE records ADD PROJECTION IF NOT EXISTS boots
      (SELECT boot, tenant, producer, generation, source_partition, max(seq), max(source_offset)
       GROUP BY boot, tenant, producer, generation, source_partition)`,
    "ALTER TABLE records MATERIALIZE PROJECTION boots",
  ],
};
