/**
 * Who may do what at a ClickHouse server. Each service has a user of its own with one of these roles; none but the
 * migrating one makes or changes a table. `infra/clickhouse/roles.sql` is made from this.
 */

export const STORE_ROLES = ["archiver", "console", "eraser", "migrations"] as const;
export type StoreRole = (typeof STORE_ROLES)[number];

/** A grant on a table of Tripline's, on all of them (`*`), or on one of the server's own (`system.…`). */
interface Grant {
  privileges: string;
  on: string;
}

const SOURCE = "generation, source_partition, source_offset, append_time";
const READ_TABLES = [
  "records",
  "payloads",
  "directory",
  "alerts",
  "alert_states",
  "revocations",
  "incidents",
  "incident_alerts",
  "dead_letters",
  "dead_letter_bytes",
  "dead_letter_decisions",
];
const read = (table: string): Grant => ({ privileges: "SELECT", on: table });
/** Every service looks which version the schema has. */
const VERSION = read("schema_migrations");
/** Sizes of tables, for metrics and health. */
const SIZES = read("system.parts");

export const STORE_GRANTS: Readonly<Record<StoreRole, readonly Grant[]>> = {
  // Inserts. Reads envelopes, to know its positions and to find gaps; no texts of payloads, and no names.
  archiver: [
    ...[...READ_TABLES, "examined"].map((on) => ({ privileges: "INSERT", on })),
    read("records"),
    { privileges: `SELECT(${SOURCE})`, on: "payloads" },
    { privileges: `SELECT(tenant, id, time, rule_id, body, ${SOURCE})`, on: "alerts" },
    { privileges: `SELECT(tenant, alert_id, state, state_at, ${SOURCE})`, on: "alert_states" },
    { privileges: `SELECT(${SOURCE})`, on: "revocations" },
    { privileges: `SELECT(${SOURCE})`, on: "incidents" },
    read("dead_letters"),
    read("dead_letter_bytes"),
    { privileges: `SELECT(${SOURCE})`, on: "dead_letter_decisions" },
    read("examined"),
    VERSION,
    SIZES,
  ],
  // Reads, and nothing else.
  console: [...READ_TABLES.map(read), VERSION, SIZES],
  // Removes rows of payloads and of the directory, by what envelopes say, and envelopes by age; can read no text of a payload.
  eraser: [
    { privileges: "SELECT, ALTER DELETE", on: "records" },
    { privileges: "SELECT(tenant, time, record_id, append_time), ALTER DELETE", on: "payloads" },
    { privileges: "SELECT(tenant, subject_id, last_seen), ALTER DELETE", on: "directory" },
    read("system.mutations"),
    VERSION,
  ],
  // Makes and changes tables; reads none of them.
  migrations: [
    { privileges: "CREATE TABLE, CREATE VIEW, ALTER COLUMN, ALTER INDEX, ALTER PROJECTION", on: "*" },
    { privileges: "SELECT, INSERT", on: "schema_migrations" },
  ],
};

/** The statements of a role, without whom they are granted to. @param database a plain word */
export function grantStatements(role: StoreRole, database: string): string[] {
  if (!/^[a-z_][a-z0-9_]*$/i.test(database)) throw new Error("a database is named by a plain word");
  return STORE_GRANTS[role].map(({ privileges, on }) => {
    return `GRANT ${privileges} ON ${on.startsWith("system.") ? on : `${database}.${on}`}`;
  });
}

/** Beyond these a statement ends by itself, whatever the service asks for. */
const PROFILES: Readonly<Record<StoreRole, string>> = {
  archiver: "max_execution_time = 60, async_insert = 0",
  console: "readonly = 2, max_execution_time = 60, max_result_rows = 1000000",
  eraser: "max_execution_time = 120",
  migrations: "max_execution_time = 0",
};

const HEAD = `-- Roles and grants for Tripline at a ClickHouse server, made by \`npm run generate\` from packages/store/src/schema/grants.ts.
-- Applied by an administrator, as often as you like: clickhouse-client --multiquery < infra/clickhouse/roles.sql
-- Then give each service a user of its own: see infra/clickhouse/README.md.
`;

/** All roles as SQL for a server. Applied again, each role has these grants and no others. */
export function rolesSql(database: string): string {
  const roles = STORE_ROLES.map((role) => {
    const name = `${database}_${role}`;
    return [
      `CREATE ROLE IF NOT EXISTS ${name};`,
      `REVOKE ALL ON *.* FROM ${name};`,
      ...grantStatements(role, database).map((grant) => `${grant} TO ${name};`),
      `CREATE SETTINGS PROFILE IF NOT EXISTS ${name}_limits SETTINGS ${PROFILES[role]} TO ${name};`,
    ].join("\n");
  });
  return `${[HEAD, `CREATE DATABASE IF NOT EXISTS ${database};`, ...roles].join("\n\n")}\n`;
}
