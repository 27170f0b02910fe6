import { createContext } from "@tripline/service";
import { openStore, type StoreWriter } from "@tripline/store";
import { openEmbeddedLog } from "@tripline/stream";
import { killBoundaries, withBoundaries } from "../../../test/support/kill-boundaries.ts";
import { createArchiver } from "./archiver.ts";

/**
 * For tests: a process that archives what its directories hold, and is killed (SIGKILL, by itself) at one of the
 * boundaries between two steps. Arguments: log directory, store (a directory, or a ClickHouse's URL), number of the
 * boundary (0: never).
 * Prints `drained` and ends when all is archived.
 */
const [logDir = "", storeAt = "", boundary = "0"] = process.argv.slice(2);
const boundaries = killBoundaries(Number(boundary));
const log = withBoundaries(openEmbeddedLog({ directory: logDir }), boundaries);
const store = await openStore(storeAt.startsWith("http:") ? { url: storeAt } : { dataDir: storeAt });
const writer: StoreWriter = {
  ...store.writer,
  insert: (source, rows) => boundaries.between(() => store.writer.insert(source, rows)),
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
