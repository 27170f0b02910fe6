import { writeSync } from "node:fs";
import { TOPICS } from "@tripline/events";
import { createContext } from "@tripline/service";
import { openStore, type StoreWriter } from "@tripline/store";
import { type Assignment, type Log, openKafkaLog } from "@tripline/stream";
import { createArchiver } from "./archiver.ts";

/**
 * For tests: an archiver from Kafka to ClickHouse in a process of its own, which freezes itself (SIGSTOP) once, right
 * before a step of the first range that it announces itself. Arguments: the broker's address, the store's URL, and the
 * step: `announce` (the commit), `write` (announced, and nothing done yet), `payloads`, `records` (the request of the
 * insert), `commit` (of the range's end) or `never`. Prints `frozen` and, when it was woken, `awake`.
 */
const [broker = "", url = "", step = "never"] = process.argv.slice(2);
let isFresh = false;
let isOver = step === "never";

function at(reached: string): void {
  if (isOver || reached !== step || !isFresh) return;
  isOver = true;
  writeSync(1, "frozen\n");
  process.kill(process.pid, "SIGSTOP");
  writeSync(1, "awake\n");
}

function watched(assignment: Assignment): Assignment {
  const { committed } = assignment;
  return {
    ...assignment,
    async commit(offset, metadata = "") {
      if (metadata === "") {
        at("commit");
        await assignment.commit(offset, metadata);
        return;
      }
      isFresh = offset !== committed?.offset || committed.metadata === "";
      at("announce");
      await assignment.commit(offset, metadata);
      at("write");
    },
  };
}

const kafka = await openKafkaLog({ brokers: [broker] });
const store = await openStore({ url });
const writer: StoreWriter = {
  ...store.writer,
  insert(source, rows) {
    if (rows.table === "payloads" || rows.table === "records") at(rows.table);
    return store.writer.insert(source, rows);
  },
};
const consume: Log["consume"] = (options) =>
  kafka.consume(
    options.topic === TOPICS.events
      ? { ...options, onAssigned: (assignment) => options.onAssigned(watched(assignment)) }
      : options,
  );
const log = new Proxy<Log>(kafka, {
  get(target, name) {
    if (name === "consume") return consume;
    const value: unknown = Reflect.get(target, name);
    return typeof value === "function" ? value.bind(target) : value;
  },
});
await createArchiver({
  ledger: null,
  log,
  store: { ...store, writer },
  context: createContext({ service: "test", logLevel: "error" }),
  revocationKeys: () => [],
  maxRangeRecords: 40,
}).start();
writeSync(1, "started\n");
