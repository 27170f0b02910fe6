import type { Migration } from "../migration.ts";

const SETTINGS =
  "SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1";

const SOURCE = `
    generation       LowCardinality(String)  CODEC(ZSTD(1)),
    source_partition UInt32                  CODEC(ZSTD(1)),
    source_offset    UInt64                  CODEC(ZSTD(1)),
    append_time      DateTime64(3, 'UTC')    CODEC(Delta(8), ZSTD(1))`;

/**
 * Incidents: of each its newest version, which holds its latest changes. Which alerts are in it has a table of its own,
 * because an incident keeps the ids of its latest alerts only.
 */
export const incidents: Migration = {
  version: 5,
  name: "incidents",
  statements: [
    `CREATE TABLE IF NOT EXISTS incidents
(
    tenant           LowCardinality(String),
    id               String,
    version          UInt64,
    rule_id          LowCardinality(String),
    rule_title       LowCardinality(String),
    subject          String,
    severity         LowCardinality(String),
    state            LowCardinality(String),
    opened_at        DateTime64(3, 'UTC'),
    last_alert_at    DateTime64(3, 'UTC'),
    updated_at       DateTime64(3, 'UTC'),
    alert_count      UInt64,
    escalation       UInt64,
    muted            String,
    summary          String,
    why              String,
    principal        LowCardinality(String),
    agent            LowCardinality(String),
    credential       LowCardinality(String),
    team             LowCardinality(String),
    session          String,
    server           LowCardinality(String),
    tool             LowCardinality(String),
    environment      LowCardinality(String),
    done_kind        LowCardinality(String),
    done_reason      String,
    revocation_id    String,
    body             String                  CODEC(ZSTD(3)),${SOURCE}
)
ENGINE = ReplacingMergeTree(version) ORDER BY (tenant, id)
${SETTINGS}`,

    `CREATE TABLE IF NOT EXISTS incident_alerts
(
    tenant           LowCardinality(String),
    alert_id         String,
    incident_id      String,
    INDEX i_incident incident_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree ORDER BY (tenant, alert_id, incident_id)
${SETTINGS}`,
  ],
};
