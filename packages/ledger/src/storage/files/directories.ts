import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { DirectorySync } from "./directory-sync.ts";
import { hasErrno } from "./errno.ts";

/** Makes directories below a root, durably, each once. */
export class Directories {
  readonly #made = new Map<string, Promise<void>>();
  readonly #root: string;
  readonly #syncs: DirectorySync;

  constructor(root: string, syncs: DirectorySync) {
    this.#root = root;
    this.#syncs = syncs;
  }

  ensure(directory: string): Promise<void> {
    let made = this.#made.get(directory);
    if (made === undefined) {
      made = this.#make(directory);
      this.#made.set(directory, made);
      made.catch(() => this.#made.delete(directory));
    }
    return made;
  }

  /** It may have been removed: `ensure` looks again. */
  forget(directory: string): void {
    this.#made.delete(directory);
  }

  async #make(directory: string): Promise<void> {
    if (directory === this.#root) return this.#makeRoot();
    const parent = dirname(directory);
    await this.ensure(parent);
    try {
      await mkdir(directory);
    } catch (error) {
      if (!hasErrno(error, "EEXIST")) throw error;
    }
    await this.#syncs.sync(parent); // also when it existed: who made it may have died before this
  }

  /** The root, and what is missing above it. */
  async #makeRoot(): Promise<void> {
    const first = await mkdir(this.#root, { recursive: true });
    if (first === undefined) return; // it was there before the log: whoever made it answers for it
    for (let made = this.#root; made.length >= first.length; made = dirname(made))
      await this.#syncs.sync(dirname(made));
  }
}
