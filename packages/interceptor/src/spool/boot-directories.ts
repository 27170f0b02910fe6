import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { OnWarning } from "../core/warnings.ts";
import { claim, isAbandoned, release } from "./owner.ts";
import { DIRECTORY_MODE } from "./segment.ts";
import { isMissing, SegmentQueue } from "./segment-queue.ts";

/** `<spool>/<producer>/<boot>/`: one directory for each start of a producer. */

const BOOT = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A directory name for any producer id. */
export function producerDirectory(spoolDirectory: string, tenant: string, producer: string): string {
  return join(
    spoolDirectory,
    encodeURIComponent(tenant),
    encodeURIComponent(producer).replaceAll(".", "%2E"),
  );
}

/** Makes and owns this boot's directory. Without one records are dropped and counted until it can be made. */
export function makeBootDirectory(producerPath: string, boot: string, onWarning: OnWarning): string {
  const directory = join(producerPath, boot);
  try {
    mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
    claim(directory, boot);
  } catch (cause) {
    onWarning({
      code: "TRIPLINE_SPOOL_UNAVAILABLE",
      message: `the spool directory ${directory} can't be made: records are dropped until it can; check its path and permissions`,
      cause,
    });
  }
  return directory;
}

/** Takes over what dead boots of the same producer left behind, oldest first. */
export function adoptLeftovers(
  producerPath: string,
  ownBoot: string,
  onFreed: (bytes: number) => void,
  onWarning: OnWarning,
): SegmentQueue[] {
  const adopted: SegmentQueue[] = [];
  for (const boot of bootsIn(producerPath, onWarning)) {
    if (boot === ownBoot) continue;
    const directory = join(producerPath, boot);
    try {
      if (!isAbandoned(directory) || !claim(directory, ownBoot)) continue;
      adopted.push(SegmentQueue.leftBehind(directory, onFreed));
    } catch (cause) {
      if (isMissing(cause)) continue; // its owner finished and removed it just now
      onWarning({
        code: "TRIPLINE_SPOOL_ADOPT",
        message: `records left behind in ${directory} can't be read and stay there; check the permissions`,
        cause,
      });
    }
  }
  return adopted;
}

/** Removes a boot's directory when all of it was sent, else leaves it to the next start. */
export function leaveBootDirectory(queue: SegmentQueue, unique: string, onWarning: OnWarning): void {
  queue.close();
  try {
    if (queue.empty) rmSync(queue.directory, { recursive: true, force: true });
    else release(queue.directory, `${unique}.release`);
  } catch (cause) {
    if (isMissing(cause)) return;
    onWarning({
      code: "TRIPLINE_SPOOL_RELEASE",
      message: `the spool directory ${queue.directory} can't be released; it is taken over once this process has ended`,
      cause,
    });
  }
}

/** UUIDv7 names sort by time. */
function bootsIn(producerPath: string, onWarning: OnWarning): string[] {
  try {
    return readdirSync(producerPath)
      .filter((file) => BOOT.test(file))
      .sort();
  } catch (cause) {
    if (!isMissing(cause)) {
      onWarning({
        code: "TRIPLINE_SPOOL_ADOPT",
        message: `the spool ${producerPath} can't be listed: what is left there is not sent; check the permissions`,
        cause,
      });
    }
    return [];
  }
}
