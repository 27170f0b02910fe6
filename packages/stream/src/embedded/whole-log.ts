import { spawnSync } from "node:child_process";
import { streamError } from "../errors.ts";
import { DiskRoom } from "./disk-room.ts";
import { LmdbStorage } from "./lmdb-storage.ts";

const BATCH_RECORDS = 1000;
const BATCH_BYTES = 4 * 1024 * 1024;
const OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * Reads every record of the log in a directory, and counts them. A damaged page can end the process: see `checkApart`.
 * @throws TriplineError TRIPLINE_STREAM_DAMAGED
 */
export async function readWhole(directory: string): Promise<number> {
  const storage = new LmdbStorage({
    directory,
    sync: true,
    room: new DiskRoom(directory, 0),
    readOnly: true,
  });
  let records = 0;
  try {
    storage.count();
    if (storage.topics().length === 0) {
      throw streamError("TRIPLINE_STREAM_DAMAGED", "it holds no topic, as if nothing had ever been written");
    }
    for (const spec of storage.topics()) {
      for (let partition = 0; partition < spec.partitions; partition++) {
        const { earliest, next } = storage.bounds(spec.name, partition);
        for (let from = earliest; from < next; ) {
          const batch = storage.read(spec.name, partition, from, BATCH_RECORDS, BATCH_BYTES);
          const gap = batch.findIndex(({ offset }, index) => offset !== from + index);
          const missing = batch.length === 0 || gap !== -1;
          if (missing && spec.cleanup === "delete") {
            throw streamError(
              "TRIPLINE_STREAM_DAMAGED",
              `record ${from + Math.max(0, gap)} of ${spec.name}/${partition} is missing`,
            );
          }
          records += batch.length;
          from = (batch.at(-1)?.offset ?? next) + 1;
        }
      }
    }
    Array.from(storage.commits()); // reading them is the check
    return records;
  } finally {
    await storage.close();
  }
}

/**
 * The same in a process of its own, which a damaged page can take down without taking this one.
 * @param why it is looked at
 * @throws TriplineError TRIPLINE_STREAM_DAMAGED saying what was found
 */
export function checkApart(directory: string, why: string): number {
  const script = new URL("./whole-log.main.ts", import.meta.url).pathname;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [script, directory], {
    encoding: "utf8",
    maxBuffer: OUTPUT_BYTES,
  });
  const counted = /^records (\d+)\n$/.exec(stdout)?.[1];
  if (status === 0 && counted !== undefined) return Number(counted);
  const found = /^damaged: (.*)$/m.exec(stdout)?.[1] ?? (signal === null ? stderr.trim() : `${signal}`);
  throw streamError("TRIPLINE_STREAM_DAMAGED", `${why}, and it can't be read whole: ${found}`);
}
