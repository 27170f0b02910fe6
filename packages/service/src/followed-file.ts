import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { TriplineError } from "@tripline/events";
import type { ServiceContext } from "./context.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import type { PartHealth } from "./part.ts";
import { writePrivateFile } from "./private-file.ts";

const POLL_MS = 1000; // reading beats watching: it also sees a renamed file, a swapped link, a network mount

export interface FollowedFileOptions<T> {
  path: string;
  /** What the text means. @throws TriplineError for a mistake in it */
  parse: (text: string) => T;
  /** Written when there is no file; without it a missing file means what an empty one does. */
  initial?: string;
  logger: ServiceContext["logger"];
}

/**
 * A settings file that people edit: read at the start, read again when its text changes. A text with a mistake stops the
 * start; later it is reported (`problem`) and the last good settings stay.
 */
export class FollowedFile<T> {
  readonly path: string;
  /** What is wrong with the file as it stands now. */
  problem: string | undefined;
  readonly #options: FollowedFileOptions<T>;
  #text: string;
  #settings: T;
  #onChange: ((settings: T) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #turns = new OneAtATime();

  private constructor(options: FollowedFileOptions<T>, text: string) {
    this.path = options.path;
    this.#options = options;
    this.#text = text;
    this.#settings = options.parse(text);
  }

  /** @throws TriplineError for a file with a mistake, and TRIPLINE_SETTINGS_FILE_UNREADABLE */
  static async open<T>(options: FollowedFileOptions<T>): Promise<FollowedFile<T>> {
    const text = await readIfPresent(options.path);
    if (text === undefined && options.initial !== undefined) {
      await writePrivateFile(options.path, options.initial);
    }
    return new FollowedFile(options, text ?? options.initial ?? "");
  }

  /** The last good ones. */
  get settings(): T {
    return this.#settings;
  }

  health(): PartHealth {
    return this.problem === undefined ? { state: "ready" } : { state: "degraded", detail: this.problem };
  }

  /** Looks at the file every second from now on, until `stop`; `onChange` gets new settings. */
  follow(onChange?: (settings: T) => void): void {
    this.#onChange = onChange;
    this.#timer = setInterval(() => void this.reload(), POLL_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#onChange = undefined;
    await this.#turns.idle();
  }

  /** Looks at the file now. What is wrong with it is in `problem` afterwards. */
  reload(): Promise<void> {
    return this.#turns.run(async () => {
      try {
        const text = (await readIfPresent(this.path)) ?? "";
        // With a problem also the same text: it may be readable again, or what it names may be there now.
        if (text !== this.#text || this.problem !== undefined) this.#take(text);
      } catch (error) {
        this.#report(error);
      }
    });
  }

  /**
   * Replaces the file by what `change` makes of its text, and puts that in force. What `change` throws is passed on.
   * @throws TriplineError when the new text has a mistake: the file is not touched then
   */
  edit(change: (text: string) => string): Promise<void> {
    return this.#turns.run(async () => {
      const text = change((await readIfPresent(this.path)) ?? "");
      this.#options.parse(text);
      await writePrivateFile(this.path, text);
      this.#take(text);
    });
  }

  #take(text: string): void {
    this.#text = text; // also a wrong one: it is reported once, not every second
    try {
      this.#settings = this.#options.parse(text);
    } catch (error) {
      this.#report(error);
      return;
    }
    this.problem = undefined;
    this.#options.logger.info({ path: this.path }, `${basename(this.path)} took effect`);
    this.#onChange?.(this.#settings);
  }

  #report(error: unknown): void {
    if (!(error instanceof TriplineError)) throw error;
    if (this.problem === error.message) return;
    this.problem = error.message;
    this.#options.logger.error(
      { path: this.path, code: error.code, problem: error.message },
      `${basename(this.path)} is refused; the last good settings stay`,
    );
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    const message = `${path} can't be read: check who owns it`;
    throw new TriplineError("TRIPLINE_SETTINGS_FILE_UNREADABLE", message, { cause });
  }
}
