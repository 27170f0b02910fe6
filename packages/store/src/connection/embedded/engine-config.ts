/** Memory the engine may take in all. Its own defaults are sized for a machine of its own. */
export interface MemoryLimits {
  serverBytes: number;
  markCacheBytes: number;
}

export const DEFAULT_MEMORY: MemoryLimits = {
  serverBytes: 2_000_000_000, // 10k inserts/s with queries took 0.65 GB, bulk loads 1.6 GB
  markCacheBytes: 64 * 1024 * 1024, // marks of some 10M rows; the default would be 5 GB
};

/**
 * The engine's configuration file. Grants of the user that all connections have: the tables of this package, no
 * files, no URLs, no other servers. They are a second line; the first is that no free SQL reaches the engine.
 */
export function engineConfig(memory: MemoryLimits): string {
  return `<clickhouse>
  <max_server_memory_usage>${memory.serverBytes}</max_server_memory_usage>
  <mark_cache_size>${memory.markCacheBytes}</mark_cache_size>
  <index_mark_cache_size>${memory.markCacheBytes}</index_mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
</clickhouse>
`;
}
