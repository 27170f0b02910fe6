import { createContext } from "@tripline/service";
import { openStore, type Store } from "@tripline/store";
import { openEmbeddedLog } from "@tripline/stream";
import { killBoundaries } from "../../../../test/support/kill-boundaries.ts";
import { createArchiver } from "../archiver.ts";

/**
 * For tests: a process that archives and closes calls in doubt, and is killed (SIGKILL, by itself) at one of the
 * boundaries around writing their records. Arguments: log directory, store directory, number of the boundary (0: never).
 * Prints `closed` and ends when no intent waits and all is archived.
 */
const [logDir = "", storeDir = "", boundary = "0"] = process.argv.slice(2);
const { between } = killBoundaries(Number(boundary));

const log = openEmbeddedLog({ directory: logDir });
const store = await openStore({ dataDir: storeDir });
const produce = log.produce.bind(log);
log.produce = (topic, records) => between(() => produce(topic, records));
let looks = 0;
const watched: Store = {
  ...store,
  writer: { ...store.writer, insert: (source, rows) => between(() => store.writer.insert(source, rows)) },
  completeness: {
    ...store.completeness,
    endedCalls: (calls) => between(() => store.completeness.endedCalls(calls)),
    saveExamined: async (what, generation, progress) => {
      if (what === "intents") looks += 1;
      await between(() => store.completeness.saveExamined(what, generation, progress));
    },
  },
};

const archiver = createArchiver({
  ledger: null,
  log,
  store: watched,
  context: createContext({ service: "test", logLevel: "silent" }),
  revocationKeys: () => [],
  times: { closing: { lookEveryMs: 20, graceMs: 40, share: 1 } },
});
await archiver.start();
for (;;) {
  const [end] = await log.offsets("tripline.events");
  const at = (await log.committed("tripline.events", "archiver-events")).get(0);
  const { rows } = await store
    .reader({ tenant: "acme", payloads: false })
    .searchCalls({ outcome: "in_doubt" });
  if (rows.length > 0 && end?.next === at?.offset && at?.metadata === "" && looks > 3) break;
  await new Promise((resolve) => setTimeout(resolve, 10));
}
await archiver.stop();
await store.close();
await log.close();
console.log("closed");
