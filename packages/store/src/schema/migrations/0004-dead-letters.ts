import type { Migration } from "../migration.ts";

const SETTINGS =
  "SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1";

const SOURCE = `
    generation       LowCardinality(String)  CODEC(ZSTD(1)),
    source_partition UInt32                  CODEC(ZSTD(1)),
    source_offset    UInt64                  CODEC(ZSTD(1)),
    append_time      DateTime64(3, 'UTC')    CODEC(Delta(8), ZSTD(1))`;

/** As payloads: what a letter holds was never redacted, because it never passed the schema. */
export const DEAD_LETTER_BYTES_DAYS = 30;
/** As envelopes: that there was a letter, why, and what became of it. */
export const DEAD_LETTER_DAYS = 400;

/**
 * Dead letters: what they are about, apart from their bytes, which have their own retention and permission. A letter may
 * be written twice to its topic after a crash: of each id the first copy stays, in whatever partition it was.
 */
export const deadLetters: Migration = {
  version: 4,
  name: "dead letters",
  statements: [
    `CREATE TABLE IF NOT EXISTS dead_letters
(
    id               String                  CODEC(ZSTD(1)),
    tenant           LowCardinality(String)  CODEC(ZSTD(1)),
    step             LowCardinality(String)  CODEC(ZSTD(1)),
    reason           LowCardinality(String)  CODEC(ZSTD(1)),
    topic            LowCardinality(String)  CODEC(ZSTD(1)),
    letter_partition UInt32                  CODEC(ZSTD(1)),
    letter_offset    UInt64                  CODEC(ZSTD(1)),
    key              String                  CODEC(ZSTD(1)),
    has_key          Bool                    CODEC(ZSTD(1)),
    is_tombstone     Bool                    CODEC(ZSTD(1)),
    is_cut           Bool                    CODEC(ZSTD(1)),
    value_bytes      UInt32                  CODEC(ZSTD(1)),
    replay_of        String                  CODEC(ZSTD(1)),${SOURCE},
    version          UInt64 DEFAULT 9007199254740991 - toUnixTimestamp64Milli(append_time)
)
ENGINE = ReplacingMergeTree(version) ORDER BY id
TTL toDateTime(append_time) + INTERVAL ${DEAD_LETTER_DAYS} DAY
${SETTINGS}`,

    `CREATE TABLE IF NOT EXISTS dead_letter_bytes
(
    id               String                  CODEC(ZSTD(1)),
    headers          String                  CODEC(ZSTD(3)),
    value_base64     String EPHEMERAL,
    value            String DEFAULT base64Decode(value_base64) CODEC(ZSTD(3)),${SOURCE},
    version          UInt64 DEFAULT 9007199254740991 - toUnixTimestamp64Milli(append_time)
)
ENGINE = ReplacingMergeTree(version) ORDER BY id
TTL toDateTime(append_time) + INTERVAL ${DEAD_LETTER_BYTES_DAYS} DAY
${SETTINGS}`,

    `CREATE TABLE IF NOT EXISTS dead_letter_decisions
(
    id               String                  CODEC(ZSTD(1)),
    state            LowCardinality(String)  CODEC(ZSTD(1)),
    decided_by       LowCardinality(String)  CODEC(ZSTD(1)),
    decision_reason  String                  CODEC(ZSTD(1)),
    decided_at       DateTime64(3, 'UTC')    CODEC(Delta(8), ZSTD(1)),
    to_partition     Nullable(UInt32)        CODEC(ZSTD(1)),
    to_offset        Nullable(UInt64)        CODEC(ZSTD(1)),${SOURCE}
)
ENGINE = MergeTree ORDER BY (id, append_time, source_offset)
TTL toDateTime(append_time) + INTERVAL ${DEAD_LETTER_DAYS} DAY
${SETTINGS}`,
  ],
};
