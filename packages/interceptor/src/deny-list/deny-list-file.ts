import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { OnWarning } from "../core/warnings.ts";
import { DIRECTORY_MODE, FILE_MODE } from "../spool/segment.ts";
import { isMissing } from "../spool/segment-queue.ts";
import type { DenyList, DenyListCopy } from "./deny-list.ts";

const SAVE_AFTER_MS = 200; // a burst of revocations is one write
const MIN_SAVE_INTERVAL_MS = 60_000; // signs of life come every 15 s; the copy only needs to know them roughly

const copySchema = z.object({ synced_ms: z.number(), entries: z.array(z.unknown()) });

/** The last known list on disk, for the first call after a restart. Written whole and renamed, so never half. */
export class DenyListFile {
  readonly #path: string;
  readonly #onWarning: OnWarning;
  #timer: NodeJS.Timeout | null = null;
  #savedEntries = -1;
  #savedMs = 0;

  constructor(path: string, onWarning: OnWarning) {
    this.#path = path;
    this.#onWarning = onWarning;
  }

  /** Hands the copy to the list; without one nothing happens. Entries are verified by the list. */
  restoreInto(list: DenyList): void {
    try {
      const copy = copySchema.parse(JSON.parse(readFileSync(this.#path, "utf8")));
      list.restore(copy);
    } catch (cause) {
      if (isMissing(cause)) return;
      this.#onWarning({
        code: "TRIPLINE_DENY_LIST_COPY",
        message: `the copy of the deny list ${this.#path} can't be read; calls are marked until the list is loaded anew`,
        cause,
      });
    }
  }

  /** Saves the list soon: at once when entries changed, now and then when only its age did. */
  changed(list: DenyList, nowMs: number): void {
    const changed = list.version !== this.#savedEntries;
    if (this.#timer !== null || (!changed && nowMs - this.#savedMs < MIN_SAVE_INTERVAL_MS)) return;
    this.#timer = setTimeout(() => this.save(list, nowMs), SAVE_AFTER_MS);
    this.#timer.unref();
  }

  save(list: DenyList, nowMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const copy: DenyListCopy = list.copy();
    if (list.status() === "empty") return;
    const unfinished = `${this.#path}.${process.pid}.tmp`;
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: DIRECTORY_MODE });
      writeFileSync(unfinished, JSON.stringify(copy), { mode: FILE_MODE });
      renameSync(unfinished, this.#path);
      this.#savedEntries = list.version;
      this.#savedMs = nowMs;
    } catch (cause) {
      this.#onWarning({
        code: "TRIPLINE_DENY_LIST_SAVE",
        message: `the deny list can't be kept in ${this.#path}: after a restart calls are marked until it is loaded anew`,
        cause,
      });
    }
  }
}
