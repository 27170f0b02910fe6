import type { Migration } from "../migration.ts";

/**
 * What the archiver's examination needs: a place for how far it has come, and indexes that find a boot's records and a
 * stretch of the log without reading whole months. Parts written before get the indexes when they are merged.
 */
export const completeness: Migration = {
  version: 3,
  name: "completeness",
  statements: [
    "ALTER TABLE records ADD INDEX IF NOT EXISTS i_boot boot TYPE bloom_filter(0.01) GRANULARITY 1",
    "ALTER TABLE records ADD INDEX IF NOT EXISTS i_append append_time TYPE minmax GRANULARITY 1",
    "ALTER TABLE records ADD INDEX IF NOT EXISTS i_producer producer TYPE set(256) GRANULARITY 1",
    "ALTER TABLE records ADD INDEX IF NOT EXISTS i_type type TYPE set(32) GRANULARITY 1",
    `CREATE TABLE IF NOT EXISTS examined
(
    what             LowCardinality(String),
    generation       LowCardinality(String),
    source_partition UInt32,
    source_offset    UInt64,
    append_time      DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(source_offset) ORDER BY (what, generation, source_partition)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1`,
  ],
};
