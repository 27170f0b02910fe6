import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { OFFICE, RecordStream } from "../../packages/detection/bench/workload/stream.ts";

/** One call as all engines are given it. */
export interface CallEvent {
  /** Its place in the file. */
  id: number;
  /** ms since the epoch, even, later than the one before. */
  time: number;
  credential: string;
  tool: string;
  server: string;
}

const BATCH = 10_000;
const STEP_MS = 100; // ten calls a second
const START_MS = Date.UTC(2026, 10, 21, 9);

/** Writes `count` calls, one a line: id, time, credential, tool, server. */
export function writeRecords(path: string, count: number): void {
  const stream = new RecordStream({ ...OFFICE, resultChars: [1, 2] });
  const file = openSync(path, "w");
  let id = 0;
  while (id < count) {
    let lines = "";
    for (const { record } of stream.next(BATCH)) {
      const { type, actor, target } = record.envelope;
      if (type !== "call" || id >= count) continue;
      // Not quite regular, so that windows end anywhere.
      const time = START_MS + id * STEP_MS + ((id * 7919) % 40) * 2;
      lines += `${id}\t${time}\t${actor?.credential}\t${target?.tool}\t${target?.server}\n`;
      id += 1;
    }
    writeSync(file, lines);
  }
  closeSync(file);
}

export function readRecords(path: string): CallEvent[] {
  const events: CallEvent[] = [];
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line === "") continue;
    const [id = "", time = "", credential = "", tool = "", server = ""] = line.split("\t");
    events.push({ id: Number(id), time: Number(time), credential, tool, server });
  }
  return events;
}
