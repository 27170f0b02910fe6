import { createContext } from "@tripline/service";
import { openStore, type StoreWriter } from "@tripline/store";
import { type ConsumeOptions, type Log, openEmbeddedLog } from "@tripline/stream";
import { createArchiver } from "./archiver.ts";

/**
 * For tests: a process that archives what its directories hold, and is killed (SIGKILL, by itself) at one of the
 * boundaries between two steps. Arguments: log directory, store (a directory, or a ClickHouse's URL), number of the
 * boundary (0: never).
 * Prints `drained` and ends when all is archived.
 */
const [logDir = "", storeAt = "", boundary = "0"] = process.argv.slice(2);
let passed = 0;

function pass(): void {
  if (++passed === Number(boundary)) process.kill(process.pid, "SIGKILL");
}

async function between<T>(step: () => Promise<T>): Promise<T> {
  pass();
  const result = await step();
  pass();
  return result;
}

const embedded = openEmbeddedLog({ directory: logDir });
const store = await openStore(storeAt.startsWith("http:") ? { url: storeAt } : { dataDir: storeAt });
const writer: StoreWriter = {
  ...store.writer,
  insert: (source, rows) => between(() => store.writer.insert(source, rows)),
};
const log: Log = {
  generation: embedded.generation,
  scan: (range, onBatch) => embedded.scan(range, onBatch),
  ensureTopics: (specs) => embedded.ensureTopics(specs),
  partitionCount: (topic) => embedded.partitionCount(topic),
  produce: (topic, records) => between(() => embedded.produce(topic, records)),
  readTable: (topic, onEntry) => embedded.readTable(topic, onEntry),
  offsets: (topic) => embedded.offsets(topic),
  committed: (topic, group) => embedded.committed(topic, group),
  ping: () => embedded.ping(),
  close: () => embedded.close(),
  consume: (options: ConsumeOptions) =>
    embedded.consume({
      ...options,
      onAssigned: (assignment) =>
        options.onAssigned({
          ...assignment,
          commit: (offset, metadata) => between(() => assignment.commit(offset, metadata)),
        }),
    }),
};

const archiver = createArchiver({
  ledger: null,
  log,
  store: { ...store, writer },
  context: createContext({ service: "test", logLevel: "silent" }),
  revocationKeys: () => [],
  maxRangeRecords: 40,
});
await archiver.start();
for (;;) {
  const [end] = await log.offsets("tripline.events");
  const at = (await log.committed("tripline.events", "archiver-events")).get(0);
  if (end !== undefined && at?.offset === end.next && at.metadata === "") break;
  await new Promise((resolve) => setTimeout(resolve, 5));
}
await archiver.stop();
await store.close();
await log.close();
console.log("drained");
