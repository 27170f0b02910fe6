/** Memory the engine may take in all. Its own defaults are sized for a machine of its own. */
export interface MemoryLimits {
  serverBytes: number;
  markCacheBytes: number;
}

export const DEFAULT_MEMORY: MemoryLimits = {
  serverBytes: 2_000_000_000, // 10k inserts/s with queries took 0.65 GB, bulk loads 1.6 GB
  markCacheBytes: 64 * 1024 * 1024, // marks of some 10M rows; the default would be 5 GB
};

const MiB = 1024 * 1024;

/**
 * Caches whose own limits would be larger than all the memory there is: what they hold counts as used, and an insert
 * that finds no memory fails. Together with the marks they are an eighth of the default limit.
 */
const CACHE_BYTES: Readonly<Record<string, number>> = {
  primary_index_cache_size: 32 * MiB, // 24 B for each 8,192 rows
  text_index_tokens_cache_size: 16 * MiB,
  text_index_header_cache_size: 16 * MiB,
  text_index_postings_cache_size: 16 * MiB,
  query_condition_cache_size: 16 * MiB,
  compiled_expression_cache_size: 16 * MiB,
  // no such indexes, files or tables here
  vector_similarity_index_cache_size: MiB,
  unique_key_index_cache_size_bytes: MiB,
  parquet_metadata_cache_size: MiB,
  iceberg_metadata_files_cache_size: MiB,
};

/**
 * What the engine's only user may do: ask, insert, make tables, end queries. No files, URLs or other servers; of removal
 * only what erasing needs: rows of payloads, of the directory of names, and of envelopes that are over their age.
 */
const GRANTS = [
  "GRANT SELECT, INSERT, CREATE TABLE, CREATE VIEW, ALTER COLUMN, ALTER INDEX, ALTER PROJECTION ON default.*",
  "GRANT ALTER DELETE ON default.payloads",
  "GRANT ALTER DELETE ON default.directory",
  "GRANT ALTER DELETE ON default.records",
  "GRANT SELECT ON system.*",
  "GRANT KILL QUERY ON *.*",
];

/** The engine's configuration. @param usersFile path of the file that holds `engineUsers()` */
export function engineConfig(memory: MemoryLimits, usersFile: string): string {
  return `<clickhouse>
  <users_config>${escapeXml(usersFile)}</users_config>
  <max_server_memory_usage>${memory.serverBytes}</max_server_memory_usage>
  <mark_cache_size>${memory.markCacheBytes}</mark_cache_size>
  <index_mark_cache_size>${memory.markCacheBytes}</index_mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <merges_mutations_memory_usage_soft_limit>${Math.floor(memory.serverBytes / 2)}</merges_mutations_memory_usage_soft_limit>
${Object.entries(CACHE_BYTES)
  .map(([name, bytes]) => `  <${name}>${bytes}</${name}>`)
  .join("\n")}
</clickhouse>
`;
}

/**
 * The engine's users: one, with these grants, which bind the whole process. They are a second line (scalar file() and
 * INTO OUTFILE are not covered by grants); the first is that no free SQL reaches the engine.
 */
export function engineUsers(): string {
  const grants = GRANTS.map((grant) => `<query>${grant}</query>`).join("");
  return `<clickhouse>
  <profiles><default></default></profiles>
  <quotas><default></default></quotas>
  <users><default>
    <password></password>
    <networks><ip>::/0</ip></networks>
    <profile>default</profile>
    <quota>default</quota>
    <grants>${grants}</grants>
  </default></users>
</clickhouse>
`;
}

function escapeXml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
