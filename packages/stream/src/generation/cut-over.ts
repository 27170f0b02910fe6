import { setTimeout as delay } from "node:timers/promises";
import { KAFKA_PARTITIONS, TOPICS } from "@tripline/events";
import { hasCode, streamError } from "../errors.ts";
import type { Log, TopicSpec } from "../log.ts";
import { triplineTopics } from "../tripline-topics.ts";
import { copyGeneration, type TopicCopy } from "./copy-generation.ts";
import { type Follower, notifierFollowers } from "./followers.ts";
import { type GenerationEntry, LogBook } from "./log-book.ts";
import { type GenerationName, generationName, parseGeneration, topicIn } from "./names.ts";
import { presentGeneration } from "./present.ts";
import { renamedLog } from "./renamed-log.ts";

const QUIET_MS = 3000; // a service that was forgotten writes a heartbeat each 10 s, and its snapshots; records come faster
const DAY_MS = 24 * 3600 * 1000; // the longest window of a rule

export interface CutOverOptions {
  /** As it is opened, without a generation around it. Nobody else has an embedded one open. */
  source: Log;
  /** The same as `source` to begin a further generation of the same log. */
  target: Log;
  /** Of the topics in the target; default: as many as now in the same log, Kafka's default in another. */
  partitions?: number;
  /** Default 24 h. */
  historyMs?: number;
  /** Begin a generation of its own on a target that holds records which no book knows. */
  besideOthers?: boolean;
  /** Groups beside Tripline's own; default: those of notifiers, where the log can say which there are. */
  moreFollowers?: readonly Follower[];
  /** How long to look whether a service that was forgotten still writes; default 3 s. An embedded log is locked, and needs 0. */
  quietMs?: number;
  onProgress?(message: string): void;
  /** ms since the epoch */
  now?: () => number;
}

export interface CutOver {
  from: string;
  to: string;
  copies: readonly TopicCopy[];
}

/**
 * Moves a drained log to its next generation: copies, opens the new one, closes the old one. Killed anywhere it leaves
 * either the old one as it was or the new one whole, and can be run again: a copy that was not finished is given up, and
 * the next attempt takes the next number.
 * @throws TriplineError TRIPLINE_STREAM_CONFIG when the move can't be made as asked
 */
export async function cutOver(options: CutOverOptions): Promise<CutOver> {
  const { target, onProgress = () => undefined, now = Date.now } = options;
  const at = () => new Date(now()).toISOString();
  const sourceBook = new LogBook(options.source);
  const targetBook = new LogBook(target);
  const isSameLog = options.source === target;
  const finished = await finishEarlier(options, sourceBook, targetBook, at);
  if (finished !== null) return finished;

  const from = presentGeneration(parseGeneration(options.source.generation), await sourceBook.read());
  const source = viewOf(options.source, from.name);
  if (from.entry?.state !== "draining") {
    throw streamError(
      "TRIPLINE_STREAM_CONFIG",
      `${source.generation} still takes records: run \`tripline log drain\` first, then stop the services`,
    );
  }
  const partitions =
    options.partitions ?? (isSameLog ? await source.partitionCount(TOPICS.events) : KAFKA_PARTITIONS);
  const to = await freeGeneration(target, targetBook, options.besideOthers === true, at);
  const generation = generationName(to);
  const copying: GenerationEntry = {
    generation,
    state: "copying",
    at: at(),
    partitions,
    moved_from: source.generation,
  };
  await targetBook.write([copying]);
  onProgress(`copying ${source.generation} to ${generation}`);
  const goal = viewOf(target, to);
  let copies: TopicCopy[];
  let ends: Record<string, number[]>;
  try {
    const topics = triplineTopics(partitions);
    await goal.ensureTopics(topics);
    await untilMade(goal, topics);
    const before = await endsOf(source, topics);
    copies = await copyGeneration({
      source,
      target: goal,
      historyMs: options.historyMs ?? DAY_MS,
      moreFollowers: options.moreFollowers ?? (await notifierFollowers(source)),
      onProgress: (topic, records) => onProgress(`${topic}: ${records}`),
    });
    await delay(options.quietMs ?? QUIET_MS);
    refuseWriters(source.generation, before, await endsOf(source, topics));
    ends = await endsOf(goal, topics);
  } catch (error) {
    await targetBook.write([{ ...copying, state: "abandoned", at: at() }]);
    throw error;
  }
  const whole: GenerationEntry = { ...copying, state: "copied", at: at(), ends };
  const closed: GenerationEntry = {
    ...from.entry,
    generation: source.generation,
    state: "closed",
    at: at(),
    moved_to: generation,
  };
  const open: GenerationEntry = { ...whole, state: "open", at: at() };
  if (isSameLog) await sourceBook.write([closed, open]);
  else {
    await targetBook.write([whole]);
    await sourceBook.write([closed]);
    await targetBook.write([open]);
  }
  return { from: source.generation, to: generation, copies };
}

export interface ReopenOptions {
  source: Log;
  /** Where it went; needed once it was closed in favour of another log. */
  target: Log | null;
  now?: () => number;
}

/**
 * Takes a drained or closed log into use again, and gives up what it was moved to. Returns the generation.
 * @throws TriplineError TRIPLINE_STREAM_CONFIG when services have written to the log it moved to
 */
export async function reopen({ source, target, now = Date.now }: ReopenOptions): Promise<string> {
  const at = new Date(now()).toISOString();
  const book = new LogBook(source);
  const entries = await book.read();
  const { log } = parseGeneration(source.generation);
  const candidates = [...entries.values()]
    .filter((entry) => parseGeneration(entry.generation).log === log && entry.moved_to !== undefined)
    .filter(({ state }) => state === "closed")
    .sort((a, b) => parseGeneration(b.generation).number - parseGeneration(a.generation).number);
  const closed = candidates[0];
  if (closed === undefined) {
    const { name, entry } = presentGeneration(parseGeneration(source.generation), entries);
    await book.write([{ ...entry, generation: generationName(name), state: "open", at }]);
    return generationName(name);
  }
  const movedTo = parseGeneration(closed.moved_to ?? "");
  const goal = movedTo.log === log ? source : target;
  if (goal === null || parseGeneration(goal.generation).log !== movedTo.log) {
    throw streamError(
      "TRIPLINE_STREAM_CONFIG",
      `${closed.generation} was moved to ${closed.moved_to}: name that log with --to, so that it can be given up`,
    );
  }
  const goalBook = new LogBook(goal);
  const goalEntry = (await goalBook.read()).get(generationName(movedTo));
  if (goalEntry !== undefined) {
    const written = await writtenSince(viewOf(goal, movedTo), goalEntry);
    if (written.length > 0) {
      throw streamError(
        "TRIPLINE_STREAM_CONFIG",
        `services have written to ${goalEntry.generation} since the move (${written.join(", ")}): going back would lose that. ` +
          "Move on from there with `tripline log cutover` instead",
      );
    }
    await goalBook.write([{ ...goalEntry, state: "abandoned", at }]); // first: never are both open
  }
  const { moved_to: _, ...before } = closed;
  await book.write([{ ...before, state: "open", at }]);
  return closed.generation;
}

/** A log in the names of one of its generations. */
export function viewOf(raw: Log, name: GenerationName): Log {
  const generation = generationName(name);
  return generation === raw.generation ? raw : renamedLog(raw, generation, (topic) => topicIn(name, topic));
}

/** A run that was killed between closing the old generation and opening the new one only has to open it. */
async function finishEarlier(
  { source, target }: CutOverOptions,
  sourceBook: LogBook,
  targetBook: LogBook,
  at: () => string,
): Promise<CutOver | null> {
  const { log } = parseGeneration(source.generation);
  const closed = [...(await sourceBook.read()).values()].filter(
    ({ generation, state }) => state === "closed" && parseGeneration(generation).log === log,
  );
  const entries = await targetBook.read();
  for (const { generation, moved_to } of closed) {
    const entry = entries.get(moved_to ?? "");
    if (
      entry?.state !== "copied" ||
      parseGeneration(entry.generation).log !== parseGeneration(target.generation).log
    )
      continue;
    await targetBook.write([{ ...entry, state: "open", at: at() }]);
    return { from: generation, to: entry.generation, copies: [] };
  }
  return null;
}

/** The next number that nothing stands under. Attempts that were not finished are given up. */
async function freeGeneration(
  target: Log,
  book: LogBook,
  besideOthers: boolean,
  at: () => string,
): Promise<GenerationName> {
  const first = parseGeneration(target.generation);
  const own = [...(await book.read()).values()].filter(
    ({ generation }) => parseGeneration(generation).log === first.log,
  );
  const unfinished = own.filter(({ state }) => state === "copying" || state === "copied");
  if (unfinished.length > 0) {
    await book.write(unfinished.map((entry) => ({ ...entry, state: "abandoned", at: at() })));
  }
  let highest = Math.max(0, ...own.map(({ generation }) => parseGeneration(generation).number));
  if (highest === 0 && (await holdsRecords(target))) {
    if (!besideOthers) {
      throw streamError(
        "TRIPLINE_STREAM_CONFIG",
        `${target.generation} holds records already. If no Tripline uses it, --beside begins a generation of its own beside them`,
      );
    }
    highest = 1;
  }
  for (let number = highest + 1; ; number++) {
    const name = { log: first.log, number };
    if (!(await holdsRecords(viewOf(target, name)))) return name;
  }
}

async function holdsRecords(log: Log): Promise<boolean> {
  for (const topic of Object.values(TOPICS)) {
    try {
      if ((await log.offsets(topic)).some(({ next }) => next > 0)) return true;
    } catch (error) {
      if (!hasCode(error, "TRIPLINE_STREAM_TOPIC_UNKNOWN")) throw error;
    }
  }
  return false;
}

async function endsOf(log: Log, topics: readonly TopicSpec[]): Promise<Record<string, number[]>> {
  const ends: Record<string, number[]> = {};
  for (const { name } of topics) ends[name] = (await log.offsets(name)).map(({ next }) => next);
  return ends;
}

function refuseWriters(
  generation: string,
  before: Record<string, number[]>,
  after: Record<string, number[]>,
): void {
  const grown = Object.keys(before).filter((topic) => String(before[topic]) !== String(after[topic]));
  if (grown.length === 0) return;
  throw streamError(
    "TRIPLINE_STREAM_CONFIG",
    `someone still writes to ${generation} (${grown.join(", ")}): stop every service, then run it again`,
  );
}

async function writtenSince(log: Log, { ends }: GenerationEntry): Promise<string[]> {
  if (ends === undefined) return [];
  const written: string[] = [];
  for (const [topic, before] of Object.entries(ends)) {
    const now = await log.offsets(topic);
    const records = now.reduce((sum, { partition, next }) => sum + next - (before[partition] ?? 0), 0);
    if (records > 0) written.push(`${records} in ${topic}`);
  }
  return written;
}

const MADE_TRIES = 100;
const MADE_EVERY_MS = 100;

/** A broker makes topics known to all its parts a moment after it says that they are made. */
async function untilMade(log: Log, topics: readonly TopicSpec[]): Promise<void> {
  for (const { name, partitions } of topics) {
    for (let tries = 1; ; tries++) {
      try {
        if ((await log.offsets(name)).length === partitions) break;
      } catch (error) {
        if (tries === MADE_TRIES) throw error;
      }
      if (tries === MADE_TRIES)
        throw streamError("TRIPLINE_STREAM_UNAVAILABLE", `${name} was made and is not there: try again`);
      await delay(MADE_EVERY_MS);
    }
  }
}
