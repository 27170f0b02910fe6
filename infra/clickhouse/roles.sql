-- Roles and grants for Tripline at a ClickHouse server, made by `npm run generate` from packages/store/src/schema/grants.ts.
-- Applied by an administrator, as often as you like: clickhouse-client --multiquery < infra/clickhouse/roles.sql
-- Then give each service a user of its own: see infra/clickhouse/README.md.


CREATE DATABASE IF NOT EXISTS tripline;

CREATE ROLE IF NOT EXISTS tripline_archiver;
REVOKE ALL ON *.* FROM tripline_archiver;
GRANT INSERT ON tripline.records TO tripline_archiver;
GRANT INSERT ON tripline.payloads TO tripline_archiver;
GRANT INSERT ON tripline.directory TO tripline_archiver;
GRANT INSERT ON tripline.alerts TO tripline_archiver;
GRANT INSERT ON tripline.alert_states TO tripline_archiver;
GRANT INSERT ON tripline.revocations TO tripline_archiver;
GRANT INSERT ON tripline.incidents TO tripline_archiver;
GRANT INSERT ON tripline.incident_alerts TO tripline_archiver;
GRANT INSERT ON tripline.dead_letters TO tripline_archiver;
GRANT INSERT ON tripline.dead_letter_bytes TO tripline_archiver;
GRANT INSERT ON tripline.dead_letter_decisions TO tripline_archiver;
GRANT INSERT ON tripline.examined TO tripline_archiver;
GRANT SELECT ON tripline.records TO tripline_archiver;
GRANT SELECT(generation, source_partition, source_offset, append_time) ON tripline.payloads TO tripline_archiver;
GRANT SELECT(tenant, id, time, rule_id, body, generation, source_partition, source_offset, append_time) ON tripline.alerts TO tripline_archiver;
GRANT SELECT(tenant, alert_id, state, state_at, generation, source_partition, source_offset, append_time) ON tripline.alert_states TO tripline_archiver;
GRANT SELECT(generation, source_partition, source_offset, append_time) ON tripline.revocations TO tripline_archiver;
GRANT SELECT(generation, source_partition, source_offset, append_time) ON tripline.incidents TO tripline_archiver;
GRANT SELECT ON tripline.dead_letters TO tripline_archiver;
GRANT SELECT ON tripline.dead_letter_bytes TO tripline_archiver;
GRANT SELECT(generation, source_partition, source_offset, append_time) ON tripline.dead_letter_decisions TO tripline_archiver;
GRANT SELECT ON tripline.examined TO tripline_archiver;
GRANT SELECT ON tripline.schema_migrations TO tripline_archiver;
GRANT SELECT ON system.parts TO tripline_archiver;
CREATE SETTINGS PROFILE IF NOT EXISTS tripline_archiver_limits SETTINGS max_execution_time = 60, async_insert = 0 TO tripline_archiver;

CREATE ROLE IF NOT EXISTS tripline_console;
REVOKE ALL ON *.* FROM tripline_console;
GRANT SELECT ON tripline.records TO tripline_console;
GRANT SELECT ON tripline.payloads TO tripline_console;
GRANT SELECT ON tripline.directory TO tripline_console;
GRANT SELECT ON tripline.alerts TO tripline_console;
GRANT SELECT ON tripline.alert_states TO tripline_console;
GRANT SELECT ON tripline.revocations TO tripline_console;
GRANT SELECT ON tripline.incidents TO tripline_console;
GRANT SELECT ON tripline.incident_alerts TO tripline_console;
GRANT SELECT ON tripline.dead_letters TO tripline_console;
GRANT SELECT ON tripline.dead_letter_bytes TO tripline_console;
GRANT SELECT ON tripline.dead_letter_decisions TO tripline_console;
GRANT SELECT ON tripline.schema_migrations TO tripline_console;
GRANT SELECT ON system.parts TO tripline_console;
CREATE SETTINGS PROFILE IF NOT EXISTS tripline_console_limits SETTINGS readonly = 2, max_execution_time = 60, max_result_rows = 1000000 TO tripline_console;

CREATE ROLE IF NOT EXISTS tripline_eraser;
REVOKE ALL ON *.* FROM tripline_eraser;
GRANT SELECT, ALTER DELETE ON tripline.records TO tripline_eraser;
GRANT SELECT(tenant, time, record_id, append_time), ALTER DELETE ON tripline.payloads TO tripline_eraser;
GRANT SELECT(tenant, subject_id, last_seen), ALTER DELETE ON tripline.directory TO tripline_eraser;
GRANT SELECT ON system.mutations TO tripline_eraser;
GRANT SELECT ON tripline.schema_migrations TO tripline_eraser;
CREATE SETTINGS PROFILE IF NOT EXISTS tripline_eraser_limits SETTINGS max_execution_time = 120 TO tripline_eraser;

CREATE ROLE IF NOT EXISTS tripline_migrations;
REVOKE ALL ON *.* FROM tripline_migrations;
GRANT CREATE TABLE, CREATE VIEW, ALTER COLUMN, ALTER INDEX, ALTER PROJECTION ON tripline.* TO tripline_migrations;
GRANT SELECT, INSERT ON tripline.schema_migrations TO tripline_migrations;
CREATE SETTINGS PROFILE IF NOT EXISTS tripline_migrations_limits SETTINGS max_execution_time = 0 TO tripline_migrations;
