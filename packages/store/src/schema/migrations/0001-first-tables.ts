import type { Migration } from "../migration.ts";

/**
 * Tables are partitioned by the month of `append_time`, the log's own clock: it never jumps, whereas a producer's clock
 * could name a thousand months in one batch. `time` is the producer's, and leads the order after the tenant.
 * One batch is one block, so its deduplication token protects it whole.
 */
const SETTINGS =
  "SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1";

const SOURCE = `
    generation       LowCardinality(String)  CODEC(ZSTD(1)),
    source_partition UInt32                  CODEC(ZSTD(1)),
    source_offset    UInt64                  CODEC(ZSTD(1)),
    append_time      DateTime64(3, 'UTC')    CODEC(Delta(8), ZSTD(1))`;

export const firstTables: Migration = {
  version: 1,
  name: "first tables",
  statements: [
    `CREATE TABLE IF NOT EXISTS records
(
    id               UUID                    CODEC(ZSTD(1)),
    type             LowCardinality(String)  CODEC(ZSTD(1)),
    time             DateTime64(3, 'UTC')    CODEC(Delta(8), ZSTD(1)),
    received         DateTime64(3, 'UTC')    CODEC(Delta(8), ZSTD(1)),
    tenant           LowCardinality(String)  CODEC(ZSTD(1)),
    producer         LowCardinality(String)  CODEC(ZSTD(1)),
    boot             UUID                    CODEC(ZSTD(1)),
    seq              UInt64                  CODEC(ZSTD(1)),
    enforcement      LowCardinality(String)  CODEC(ZSTD(1)),
    principal        LowCardinality(String)  CODEC(ZSTD(1)),
    agent            LowCardinality(String)  CODEC(ZSTD(1)),
    client           LowCardinality(String)  CODEC(ZSTD(1)),
    credential       LowCardinality(String)  CODEC(ZSTD(1)),
    token_id         String                  CODEC(ZSTD(1)),
    assurance        LowCardinality(String)  CODEC(ZSTD(1)),
    team             LowCardinality(String)  CODEC(ZSTD(1)),
    roles            Array(LowCardinality(String)) CODEC(ZSTD(1)),
    delegation       Array(LowCardinality(String)) CODEC(ZSTD(1)),
    session          String                  CODEC(ZSTD(1)),
    session_source   LowCardinality(String)  CODEC(ZSTD(1)),
    trace_id         String                  CODEC(ZSTD(1)),
    span_id          String                  CODEC(ZSTD(1)),
    server           LowCardinality(String)  CODEC(ZSTD(1)),
    tool             LowCardinality(String)  CODEC(ZSTD(1)),
    definition       LowCardinality(String)  CODEC(ZSTD(1)),
    upstream         LowCardinality(String)  CODEC(ZSTD(1)),
    upstream_env     LowCardinality(String)  CODEC(ZSTD(1)),
    transport        LowCardinality(String)  CODEC(ZSTD(1)),
    environment      LowCardinality(String)  CODEC(ZSTD(1)),
    call_id          UUID                    CODEC(ZSTD(1)),
    method           LowCardinality(String)  CODEC(ZSTD(1)),
    started          DateTime64(3, 'UTC')    CODEC(Delta(8), ZSTD(1)),
    deadline         DateTime64(3, 'UTC')    CODEC(ZSTD(1)),
    duration_us      Nullable(UInt64)        CODEC(T64, ZSTD(1)),
    outcome          LowCardinality(String)  CODEC(ZSTD(1)),
    error_code       LowCardinality(String)  CODEC(ZSTD(1)),
    args_bytes       Nullable(UInt64)        CODEC(T64, ZSTD(1)),
    result_bytes     Nullable(UInt64)        CODEC(T64, ZSTD(1)),
    result_items     Nullable(UInt64)        CODEC(T64, ZSTD(1)),
    truncated        Nullable(Bool)          CODEC(ZSTD(1)),
    decision         LowCardinality(String)  CODEC(ZSTD(1)),
    decision_rule    String                  CODEC(ZSTD(1)),
    approved_by      LowCardinality(String)  CODEC(ZSTD(1)),
    tokens_in        Nullable(UInt64)        CODEC(T64, ZSTD(1)),
    tokens_out       Nullable(UInt64)        CODEC(T64, ZSTD(1)),
    cost_nanousd     Nullable(UInt64)        CODEC(T64, ZSTD(1)),
    revocation_id    String                  CODEC(ZSTD(1)),
    payload_hash_hex String EPHEMERAL,
    payload_hash     FixedString(32) DEFAULT unhex(payload_hash_hex) CODEC(NONE),
    detail           String                  CODEC(ZSTD(3)),
    raw              String                  CODEC(ZSTD(3)),${SOURCE},
    INDEX i_time     time       TYPE minmax             GRANULARITY 1,
    INDEX i_id       id         TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX i_call     call_id    TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX i_session  session    TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX i_trace    trace_id   TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX i_cred     credential TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX i_prin     principal  TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX i_rule     decision_rule TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX i_revoked  revocation_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree PARTITION BY toYYYYMM(append_time) ORDER BY (tenant, time, seq, id)
${SETTINGS}`,

    `CREATE TABLE IF NOT EXISTS payloads
(
    tenant           LowCardinality(String)  CODEC(ZSTD(1)),
    time             DateTime64(3, 'UTC')    CODEC(Delta(8), ZSTD(1)),
    record_id        UUID                    CODEC(ZSTD(1)),
    call_id          UUID                    CODEC(ZSTD(1)),
    args             String                  CODEC(ZSTD(3)),
    result           String                  CODEC(ZSTD(3)),
    error            String                  CODEC(ZSTD(3)),
    rest             String                  CODEC(ZSTD(3)),
    raw              String                  CODEC(ZSTD(3)),${SOURCE},
    INDEX i_time     time      TYPE minmax             GRANULARITY 1,
    INDEX i_record   record_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX i_args     args      TYPE text(tokenizer = splitByNonAlpha, preprocessor = lower(args)),
    INDEX i_result   result    TYPE text(tokenizer = splitByNonAlpha, preprocessor = lower(result)),
    INDEX i_error    error     TYPE text(tokenizer = splitByNonAlpha, preprocessor = lower(error))
)
ENGINE = MergeTree PARTITION BY toYYYYMM(append_time) ORDER BY (tenant, time, record_id)
${SETTINGS}`,

    `CREATE TABLE IF NOT EXISTS directory
(
    tenant           LowCardinality(String),
    subject_id       String,
    name             String,
    last_seen        DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(last_seen) ORDER BY (tenant, subject_id, name)
${SETTINGS}`,

    // The same finding can come again from a replay: the first one stays.
    `CREATE TABLE IF NOT EXISTS alerts
(
    tenant           LowCardinality(String),
    id               String,
    time             DateTime64(3, 'UTC'),
    detected_at      DateTime64(3, 'UTC'),
    rule_id          LowCardinality(String),
    rule_title       LowCardinality(String),
    severity         LowCardinality(String),
    record_id        UUID,
    group            String,
    principal        LowCardinality(String),
    agent            LowCardinality(String),
    credential       LowCardinality(String),
    session          String,
    server           LowCardinality(String),
    tool             LowCardinality(String),
    summary          String,
    why              String,
    body             String                  CODEC(ZSTD(3)),${SOURCE},
    version          UInt64 DEFAULT 9007199254740991 - toUnixTimestamp64Milli(append_time)
)
ENGINE = ReplacingMergeTree(version) ORDER BY (tenant, time, id)
${SETTINGS}`,

    `CREATE TABLE IF NOT EXISTS alert_states
(
    tenant           LowCardinality(String),
    alert_id         String,
    state            LowCardinality(String),
    state_by         String,
    state_note       String,
    state_at         DateTime64(3, 'UTC'),${SOURCE}
)
ENGINE = MergeTree ORDER BY (tenant, alert_id, append_time, source_offset)
${SETTINGS}`,

    // One row for each state of an entry. The first copy of each stays, with the time it was appended.
    `CREATE TABLE IF NOT EXISTS revocations
(
    tenant           LowCardinality(String),
    id               String,
    state            LowCardinality(String),
    scope            LowCardinality(String),
    subject          String,
    reason           String,
    by               String,
    rule_id          String,
    alert_id         String,
    detected_at      DateTime64(3, 'UTC'),
    decided_at       DateTime64(3, 'UTC'),
    expires_at       DateTime64(3, 'UTC'),
    reinstated_at    DateTime64(3, 'UTC'),
    key_id           String,
    signature        String,${SOURCE},
    version          UInt64 DEFAULT 9007199254740991 - toUnixTimestamp64Milli(append_time)
)
ENGINE = ReplacingMergeTree(version) ORDER BY (tenant, id, state)
${SETTINGS}`,
  ],
};
