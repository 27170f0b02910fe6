import { LocalLog } from "../local/local-log.ts";
import type { Log } from "../log.ts";
import { MemoryStorage } from "./memory-storage.ts";

/** A log that lives in this process and ends with it, for tests of the port's callers. */
export interface MemoryLog extends Log {
  /** Applies the topics' retention now. Returns how many records went. */
  expire(): Promise<number>;
}

/**
 * @param options.now ms since the epoch: the append clock; default the system's
 * @param options.uptime ms since the machine's boot: what retention counts in; default the system's
 */
export function createMemoryLog(options: { now?: () => number; uptime?: () => number } = {}): MemoryLog {
  return new LocalLog(new MemoryStorage(), { generation: "memory-1", ...options });
}
