import {
  appendFileSync,
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { OnWarning } from "../core/warnings.ts";
import { DIRECTORY_MODE, FILE_MODE } from "../spool/segment.ts";
import { isMissing } from "../spool/segment-queue.ts";
import type { DenyList } from "./deny-list.ts";

const SAVE_AFTER_MS = 200; // a burst of revocations is one write
const MIN_SAVE_INTERVAL_MS = 60_000; // signs of life come every 15 s; the copy only needs to know them roughly
const CHUNK_BYTES = 1024 * 1024; // of a long list, read or written at once
const MIN_NEWS_BYTES = 1024 * 1024; // the copy is written whole when the news beside it are more than this,
const NEWS_SHARE = 4; // and more than a quarter of it
const NEWLINE = 10;

const headSchema = z.object({ synced_ms: z.number(), entries: z.array(z.unknown()).optional() });
const newsSchema = z.looseObject({ synced_ms: z.number().optional(), removed: z.string().optional() });

/**
 * The last known list on disk, for the first call after a restart: a head and the entries, a line each, written whole and
 * renamed, so never half; beside it the news since, added line by line. Processes of one key share both.
 *
 * Nothing here is signed beyond the entries themselves: whoever can write in this directory could exchange the pinned keys
 * that lie beside it. So entries are verified when a call meets them, and not a million of them before the first call.
 */
export class DenyListFile {
  readonly #path: string;
  readonly #newsPath: string;
  readonly #onWarning: OnWarning;
  #timer: NodeJS.Timeout | null = null;
  #writing: Generator<void, void> | null = null;
  #savedVersion = -1;
  #savedMs = 0;
  #wholeBytes = 0;
  #newsBytes = 0;

  constructor(path: string, onWarning: OnWarning) {
    this.#path = path;
    this.#newsPath = `${path}.news`;
    this.#onWarning = onWarning;
  }

  /** Hands the copy to the list; without one nothing happens. */
  restoreInto(list: DenyList): void {
    try {
      const file = openSync(this.#path, "r");
      list.restoreFrom(file);
      const syncedMs = this.#restoreWhole(file, list);
      list.restored(Math.max(syncedMs, this.#restoreNews(list)));
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
    const changed = list.version !== this.#savedVersion;
    if (this.#timer !== null || (!changed && nowMs - this.#savedMs < MIN_SAVE_INTERVAL_MS)) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (list.status() === "empty") return;
      this.#guarded(() => this.#begin(list, nowMs));
      this.#goOn();
    }, SAVE_AFTER_MS);
    this.#timer.unref();
  }

  /** Saves it now, whatever it takes. */
  save(list: DenyList, nowMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (list.status() === "empty") return;
    this.#guarded(() => {
      this.#finish();
      this.#begin(list, nowMs);
      this.#finish();
    });
  }

  /** Adds the news, or begins to write the whole. */
  #begin(list: DenyList, nowMs: number): void {
    if (this.#writing !== null) return; // what changes meanwhile is news for the next time
    this.#savedVersion = list.version;
    this.#savedMs = nowMs;
    const news = list.takeNews();
    const isMuch = this.#newsBytes > Math.max(MIN_NEWS_BYTES, this.#wholeBytes / NEWS_SHARE);
    if (news === null || isMuch || this.#wholeBytes === 0) this.#writing = this.#whole(list);
    else {
      const text = [...news, JSON.stringify({ synced_ms: list.syncedMs ?? 0 })].join("\n");
      appendFileSync(this.#newsPath, `${text}\n`, { mode: FILE_MODE });
      this.#newsBytes += text.length;
    }
  }

  /** A piece in each turn of the event loop: calls go on. */
  #goOn(): void {
    const writing = this.#writing;
    if (writing === null) return;
    this.#guarded(() => {
      if (writing.next().done === true) this.#writing = null;
      else setImmediate(() => this.#goOn());
    });
  }

  #finish(): void {
    while (this.#writing !== null) if (this.#writing.next().done === true) this.#writing = null;
  }

  *#whole(list: DenyList): Generator<void, void> {
    const unfinished = `${this.#path}.${process.pid}.tmp`;
    mkdirSync(dirname(this.#path), { recursive: true, mode: DIRECTORY_MODE });
    rmSync(unfinished, { force: true });
    const file = openSync(unfinished, "wx+", FILE_MODE);
    const offsets = new Float64Array(list.known).fill(-1);
    let lines: Buffer[] = [Buffer.from(`${JSON.stringify({ v: 2, synced_ms: list.syncedMs ?? 0 })}\n`)];
    let gathered = lines[0]?.length ?? 0;
    let written = 0;
    const flush = (): void => {
      writeAll(file, Buffer.concat(lines, gathered), written);
      written += gathered;
      lines = [];
      gathered = 0;
    };
    try {
      for (const { entry, bytes } of list.entries()) {
        if (entry >= offsets.length) break; // came while this was written: news
        offsets[entry] = written + gathered;
        lines.push(bytes, LINE_END);
        gathered += bytes.length + 1;
        if (gathered < CHUNK_BYTES) continue;
        flush();
        yield;
      }
      flush();
      renameSync(unfinished, this.#path);
      rmSync(this.#newsPath, { force: true });
    } catch (error) {
      closeSync(file);
      rmSync(unfinished, { force: true });
      throw error;
    }
    list.movedTo(file, offsets);
    this.#wholeBytes = written;
    this.#newsBytes = 0;
  }

  #restoreWhole(file: number, list: DenyList): number {
    let head: z.infer<typeof headSchema> | null = null;
    for (const { line, offset } of linesOf(file)) {
      if (head !== null) list.restore(JSON.parse(line.toString("utf8")), { offset, length: line.length });
      else head = headSchema.parse(JSON.parse(line.toString("utf8")));
    }
    if (head === null) throw new SyntaxError("the copy is empty");
    for (const entry of head.entries ?? []) list.restore(entry); // as it was written once
    this.#wholeBytes = head.entries === undefined ? fstatSync(file).size : 0;
    return head.synced_ms;
  }

  /** When the list was last heard of, by the news. */
  #restoreNews(list: DenyList): number {
    let syncedMs = 0;
    try {
      const text = readFileSync(this.#newsPath, "utf8");
      this.#newsBytes = text.length;
      // The last line may be half: the process was killed while it wrote.
      for (const line of text.slice(0, text.lastIndexOf("\n") + 1).split("\n")) {
        if (line === "") continue;
        const news = newsSchema.parse(JSON.parse(line));
        if (news.synced_ms !== undefined) syncedMs = Math.max(syncedMs, news.synced_ms);
        else if (news.removed !== undefined) list.removed(news.removed);
        else list.restore(news);
      }
    } catch (cause) {
      if (!isMissing(cause)) throw cause;
    }
    return syncedMs;
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (cause) {
      this.#writing = null;
      this.#onWarning({
        code: "TRIPLINE_DENY_LIST_SAVE",
        message: `the deny list can't be kept in ${this.#path}: after a restart calls are marked until it is loaded anew`,
        cause,
      });
    }
  }
}

const LINE_END = Buffer.from("\n");

function writeAll(file: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, bytes.length - done, at + done);
  }
}

/** The lines of a file and where they begin, a last one without its end too. */
function* linesOf(file: number): Generator<{ line: Buffer; offset: number }> {
  let rest = Buffer.alloc(0);
  let offset = 0; // of `rest`
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const read = readSync(file, chunk, 0, chunk.length, offset + rest.length);
    if (read === 0) break;
    rest = Buffer.concat([rest, chunk.subarray(0, read)]);
    let from = 0;
    for (let end = rest.indexOf(NEWLINE, from); end >= 0; end = rest.indexOf(NEWLINE, from)) {
      yield { line: rest.subarray(from, end), offset: offset + from };
      from = end + 1;
    }
    rest = rest.subarray(from);
    offset += from;
  }
  if (rest.length > 0) yield { line: rest, offset };
}
