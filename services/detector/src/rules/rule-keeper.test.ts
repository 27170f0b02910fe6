import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isLaterSet } from "@tripline/detection";
import { type RulesChanged, TOPICS, TriplineError } from "@tripline/events";
import { createContext } from "@tripline/service";
import { createMemoryLog, type Log, triplineTopics } from "@tripline/stream";
import { afterEach, expect, it } from "vitest";
import { readRecord, rulesChangedIn } from "../read-record.ts";
import { ControlExceptions } from "./control-exceptions.ts";
import { RuleDirectory } from "./rule-directory.ts";
import { RuleKeeper } from "./rule-keeper.ts";
import { RuleSetStore } from "./rule-set-store.ts";

const PARTITIONS = 3;
const { logger } = createContext({ service: "test", logLevel: "silent" });
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const rule = (tool: string): string => `title: Somebody prints
name: print-call
level: high
logsource: { category: agent_tool_call }
detection: { call: { tool: ${tool} }, condition: call }
`;

async function directoryWith(files: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tripline-rules-"));
  closing.push(() => rm(directory, { recursive: true }));
  await mkdir(join(directory, "more"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return directory;
}

async function openLog(): Promise<Log> {
  const log = createMemoryLog();
  await log.ensureTopics(triplineTopics(PARTITIONS));
  closing.push(() => log.close());
  return log;
}

let clock = 1_700_000_000_000;

function keeperOver(
  log: Pick<Log, "produce" | "partitionCount" | "generation" | "readTable">,
  directory: string,
): RuleKeeper {
  clock += 1000;
  const keeper = new RuleKeeper({
    log,
    store: new RuleSetStore(log),
    files: new RuleDirectory({ directory }),
    exceptions: new ControlExceptions(log, logger),
    logger,
    now: () => clock,
    onInForce: () => undefined,
  });
  closing.push(() => keeper.stop());
  return keeper;
}

/** What each partition's records say, whatever their order: the set that is in force at its end. */
async function inForce(log: Log): Promise<RulesChanged[]> {
  const found: RulesChanged[] = [];
  for (const { partition, next } of await log.offsets(TOPICS.events)) {
    let last: RulesChanged | null = null;
    await log.scan({ topic: TOPICS.events, partition, from: 0, to: next }, async (records) => {
      for (const { value } of records) {
        const read = readRecord(value ?? new Uint8Array());
        const changed = read === null ? null : rulesChangedIn(read);
        if (changed !== null && (last === null || isLaterSet(changed, last))) last = changed;
      }
    });
    if (last !== null) found.push(last);
  }
  return found;
}

it("writes the first set to every partition once, and nothing again while the files are the same", async () => {
  const log = await openLog();
  const directory = await directoryWith({ "own.yaml": rule("print") });
  await keeperOver(log, directory).own();
  const [first, ...others] = await inForce(log);
  expect(others).toEqual([first, first]);
  expect(first?.number).toBe(1);
  expect(first?.list).toContainEqual(expect.objectContaining({ id: "print-call", shipped: false, since: 1 }));
  const next = await log.offsets(TOPICS.events);
  await keeperOver(log, directory).own();
  expect(await log.offsets(TOPICS.events)).toEqual(next);
});

it("judges from the log's beginning by the first set, and behind its record by the next", async () => {
  const log = await openLog();
  const directory = await directoryWith({ "own.yaml": rule("print") });
  const keeper = keeperOver(log, directory);
  await keeper.own();
  await writeFile(join(directory, "own.yaml"), rule("scan"));
  await keeper.reload();
  const [{ next: end } = { next: 0 }] = await log.offsets(TOPICS.events);
  const numberAt = async (offset: number) => (await keeper.rules.initial(0, offset)).number;
  expect([await numberAt(0), await numberAt(end - 1), await numberAt(end)]).toEqual([1, 1, 2]);
  expect((await keeper.rules.initial(0, end)).rules.find(({ id }) => id === "print-call")?.since).toBe(2);
});

const KILLED = new TriplineError("TRIPLINE_STREAM_CLOSED", "killed", { kind: "permanent" });

/** Writes of a change: the set, the head, the records, the head. */
const WRITES = [1, 2, 3, 4];
const CASES = WRITES.flatMap((write) =>
  ["before", "half way through", "after"].flatMap((when) =>
    ["stay", "are as they were", "change again"].map((files) => ({ write, when, files })),
  ),
);

it.each(CASES)("agrees on one set when killed $when write $write and the files $files", async (at) => {
  const log = await openLog();
  const directory = await directoryWith({ "own.yaml": rule("print") });
  await keeperOver(log, directory).own();
  await writeFile(join(directory, "own.yaml"), rule("scan"));
  let writes = 0;
  const dying: Parameters<typeof keeperOver>[0] = {
    generation: log.generation,
    readTable: log.readTable.bind(log),
    partitionCount: log.partitionCount.bind(log),
    produce: async (topic, records) => {
      writes += 1;
      if (writes !== at.write) return log.produce(topic, records);
      if (at.when === "before") throw KILLED;
      await log.produce(topic, at.when === "half way through" ? records.slice(0, 1) : records);
      throw KILLED;
    },
  };
  await expect(keeperOver(dying, directory).own()).rejects.toThrow("killed");

  if (at.files === "are as they were") await writeFile(join(directory, "own.yaml"), rule("print"));
  if (at.files === "change again") await writeFile(join(directory, "own.yaml"), rule("copy"));
  await keeperOver(log, directory).own();
  const head = await new RuleSetStore(log).head();
  expect(head?.pending).toBeNull();
  const last = head?.changes.at(-1);
  expect((await inForce(log)).map(({ set }) => set)).toEqual(
    Array.from({ length: PARTITIONS }, () => last?.set),
  );
  const wanted = { stay: "scan", "are as they were": "print", "change again": "copy" }[at.files];
  const { rules } = await new RuleSetStore(log).content(last ?? { set: "" });
  expect(rules.find(({ id }) => id === "print-call")?.text).toBe(rule(wanted ?? ""));
});

it("announces its own again where another had its way meanwhile", async () => {
  const log = await openLog();
  const [mine, theirs] = [
    await directoryWith({ "own.yaml": rule("print") }),
    await directoryWith({ "own.yaml": rule("scan") }),
  ];
  const keeper = keeperOver(log, mine);
  await keeper.own();
  const other = keeperOver(log, theirs);
  await other.own(); // it believes that partition 0 is its own
  const head = await new RuleSetStore(log).head();
  const rival = await keeper.rules.get(`2-${head?.changes.at(-1)?.set}`);
  keeper.rules.onAnnounced(0, rival);
  await keeper.reload();
  const sets = await inForce(log);
  expect(sets.map(({ number }) => number)).toEqual([3, 3, 3]);
  expect(
    (await keeper.rules.get(`3-${sets[0]?.set}`)).rules.find(({ id }) => id === "print-call")?.hash,
  ).toBe((await keeper.rules.initial(0, 0)).rules.find(({ id }) => id === "print-call")?.hash);
});

it("says what is wrong, keeps what was in force, and takes the file when it is mended", async () => {
  const log = await openLog();
  const directory = await directoryWith({ "own.yaml": rule("print") });
  const keeper = keeperOver(log, directory);
  await keeper.own();
  await writeFile(join(directory, "own.yaml"), "title: [");
  await writeFile(join(directory, "more", "new.yaml"), "title: 7");
  await keeper.reload();
  const [broken] = await inForce(log);
  expect(broken?.problems.map(({ file }) => file).sort()).toEqual(["more/new.yaml", "own.yaml"]);
  expect(broken?.list.find(({ id }) => id === "print-call")?.since).toBe(1);
  keeper.rules.onAnnounced(1, await keeper.rules.get(`2-${broken?.set}`));
  expect(keeper.health()).toMatchObject({ state: "degraded" });
  await writeFile(join(directory, "own.yaml"), rule("scan"));
  await rm(join(directory, "more"), { recursive: true });
  await mkdir(join(directory, "more"));
  await keeper.reload();
  const [mended] = await inForce(log);
  expect(mended?.problems).toEqual([]);
  expect(mended?.list.find(({ id }) => id === "print-call")?.since).toBe(3);
  await rm(directory, { recursive: true });
  await keeper.reload();
  expect(keeper.health().detail).toContain("can't be read");
  await mkdir(join(directory, "more"), { recursive: true });
  await keeper.reload();
});

it("takes over with the set in force where its own files can't be read, and waits for a log that is away", async () => {
  const log = await openLog();
  const directory = await directoryWith({ "own.yaml": rule("print") });
  await keeperOver(log, directory).own();
  const blind = keeperOver(log, join(directory, "nowhere"));
  await blind.own();
  expect(blind.health().detail).toContain("can't be read");
  expect((await inForce(log)).map(({ number }) => number)).toEqual([1, 1, 1]);

  await writeFile(join(directory, "own.yaml"), rule("scan"));
  let away = 2;
  const coming: Parameters<typeof keeperOver>[0] = {
    generation: log.generation,
    readTable: log.readTable.bind(log),
    partitionCount: log.partitionCount.bind(log),
    produce: async (topic, records) => {
      away -= 1;
      if (away >= 0) throw new TriplineError("TRIPLINE_STREAM_UNAVAILABLE", "away", { kind: "retriable" });
      return log.produce(topic, records);
    },
  };
  await keeperOver(coming, directory).own();
  expect((await inForce(log)).map(({ number }) => number)).toEqual([2, 2, 2]);

  const first = keeperOver(await openLog(), join(directory, "nowhere"));
  await expect(first.own()).rejects.toThrow("can't be read");
});
