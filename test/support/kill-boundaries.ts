import type { Log } from "@tripline/stream";

/** The boundaries between the steps of a process that kills itself at one of them. */
export interface KillBoundaries {
  /** So many have been passed. */
  readonly passed: number;
  /** One boundary before the step and one behind it. */
  between<T>(step: () => Promise<T>): Promise<T>;
}

/** @param boundary the one at which this process is killed (SIGKILL, by itself), counted from 1; 0: never */
export function killBoundaries(boundary: number): KillBoundaries {
  let passed = 0;
  const pass = (): void => {
    if (++passed === boundary) process.kill(process.pid, "SIGKILL");
  };
  return {
    get passed() {
      return passed;
    },
    async between(step) {
      pass();
      const result = await step();
      pass();
      return result;
    },
  };
}

/** The log with boundaries around what is produced and committed. */
export function withBoundaries(log: Log, { between }: KillBoundaries): Log {
  return {
    generation: log.generation,
    scan: (range, onBatch) => log.scan(range, onBatch),
    ensureTopics: (specs) => log.ensureTopics(specs),
    partitionCount: (topic) => log.partitionCount(topic),
    produce: (topic, records) => between(() => log.produce(topic, records)),
    readTable: (topic, onEntry) => log.readTable(topic, onEntry),
    follow: (topic, onEntry) => log.follow(topic, onEntry),
    offsets: (topic) => log.offsets(topic),
    committed: (topic, group) => log.committed(topic, group),
    ping: () => log.ping(),
    close: () => log.close(),
    consume: (options) =>
      log.consume({
        ...options,
        onAssigned: (assignment) =>
          options.onAssigned({
            ...assignment,
            commit: (offset, metadata) => between(() => assignment.commit(offset, metadata)),
          }),
      }),
  };
}
