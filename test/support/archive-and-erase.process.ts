import { ErasureIndex, TOPICS } from "@tripline/events";
import { createContext } from "@tripline/service";
import { openStore, type StoreWriter } from "@tripline/store";
import { type Log, openEmbeddedLog } from "@tripline/stream";
import { createArchiver } from "../../services/archiver/src/archiver.ts";
import { createEraserPart } from "../../services/eraser/src/eraser-part.ts";
import { killBoundaries, withBoundaries } from "./kill-boundaries.ts";

/**
 * A process that archives what its log holds and erases what records in it cover, and is killed (SIGKILL, by itself) at
 * one of the boundaries between two steps. Arguments: log directory, store directory, number of the boundary (0: never),
 * `replay` to archive from the log's beginning whatever was committed, `aged` to erase as if it were two months later and all were kept
 * for a day, `aged-replay` for both. Prints `settled` and ends when all is done.
 */
const [logDir = "", storeDir = "", boundary = "0", mode = ""] = process.argv.slice(2);
const LOOK_EVERY_MS = 20;
const SETTLED_EVERY_MS = 50; // more often, the questions would keep the eraser from the store
const NEVER_IN_A_TEST = 36_500; // days: the records of the test are of any age
const MONTHS_MS = 62 * 24 * 3600 * 1000;
const isAged = mode.startsWith("aged");
const days = isAged
  ? { payloadDays: 1, nameDays: 1, envelopeDays: 1 }
  : { payloadDays: NEVER_IN_A_TEST, nameDays: NEVER_IN_A_TEST, envelopeDays: NEVER_IN_A_TEST };
const boundaries = killBoundaries(Number(boundary));
const store = await openStore({ dataDir: storeDir });
const writer: StoreWriter = {
  ...store.writer,
  insert: (source, rows) =>
    rows.lines.length === 0 ? Promise.resolve() : boundaries.between(() => store.writer.insert(source, rows)),
};
const eraser = {
  ...store.eraser,
  erase: (...args: Parameters<typeof store.eraser.erase>) =>
    boundaries.between(() => store.eraser.erase(...args)),
  eraseEnvelopes: (...args: Parameters<typeof store.eraser.eraseEnvelopes>) =>
    boundaries.between(() => store.eraser.eraseEnvelopes(...args)),
};
const whole = withBoundaries(openEmbeddedLog({ directory: logDir }), boundaries);
const replayed: Log = {
  ...whole,
  consume: (options) =>
    whole.consume({
      ...options,
      async onAssigned(assignment) {
        const reader = await options.onAssigned({ ...assignment, committed: null });
        return Object.assign(reader, { startAt: assignment.earliest });
      },
    }),
};
const isReplay = mode.endsWith("replay");
const log = isReplay ? replayed : whole;

const context = createContext({ service: "test", logLevel: "silent" });
const archiver = createArchiver({
  ledger: null,
  log,
  store: { ...store, writer },
  context,
  revocationKeys: () => [],
  maxRangeRecords: 20,
});
const erasing = createEraserPart({
  log,
  eraser,
  context: isAged ? { ...context, now: () => Date.now() + MONTHS_MS } : context,
  days,
  everyMs: LOOK_EVERY_MS,
});
await archiver.start();
await erasing.start();
while (!(await isSettled())) await new Promise((resolve) => setTimeout(resolve, SETTLED_EVERY_MS));
await erasing.stop();
await archiver.stop();
await store.close();
await log.close();
console.log("settled");

/** All is archived, and nothing is left of what archived records cover. */
async function isSettled(): Promise<boolean> {
  const [end] = await log.offsets(TOPICS.events);
  const at = (await log.committed(TOPICS.events, "archiver-events")).get(0);
  if (end === undefined || at?.offset !== end.next || at.metadata !== "") return false;
  if (isReplay && boundaries.passed === 0) return false; // what an earlier archiver has committed says nothing of this one
  const records = await store.eraser.records();
  const index = new ErasureIndex(records);
  for (const record of records) {
    const holds = index.holds(record.tenant).map(({ scope }) => scope);
    const { payloads, names } = await store.eraser.left(record, holds);
    const envelopes = await store.eraser.leftEnvelopes(record, index.allHolds());
    if (payloads > 0 || names > 0 || envelopes > 0) return false;
  }
  if (isAged && !records.some(({ retention }) => retention?.action === "removed")) return false;
  return (await store.eraser.removals()).length === 0;
}
