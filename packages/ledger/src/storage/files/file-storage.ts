import { randomBytes } from "node:crypto";
import { link, readdir, readFile, rename, rm, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { sameBytes } from "../../tree/hashing.ts";
import { conflictAt } from "../conflict.ts";
import { checkPath } from "../path-check.ts";
import type { LedgerStorage } from "../storage.ts";
import { Directories } from "./directories.ts";
import { DirectorySync } from "./directory-sync.ts";
import { fileError, hasErrno } from "./errno.ts";
import { FileLock } from "./file-lock.ts";

/** Beside the log's files, and no part of it: files on their way, and the lock. */
const OWN_FOLDER = ".tripline";
const LEFT_OVER_MS = 3_600_000; // a file on its way for an hour is of a process that died
const LINK_ATTEMPTS = 3; // its directory may be removed meanwhile by a process that cleans up

/**
 * A log in a directory of a local file system, laid out as tlog-tiles serves it. Each file is written aside, fsynced, linked to
 * its name, and its directory fsynced, before `write` and `replace` resolve.
 */
export class FileStorage implements LedgerStorage {
  readonly #root: string;
  readonly #own: string;
  readonly #syncs = new DirectorySync();
  readonly #directories: Directories;
  readonly #lock: FileLock;
  #prepared: Promise<void> | null = null;
  #count = 0;

  /** `directory` is made by the first write. */
  constructor(directory: string) {
    this.#root = resolve(directory);
    this.#own = join(this.#root, OWN_FOLDER);
    this.#directories = new Directories(this.#root, this.#syncs);
    this.#lock = new FileLock(join(this.#own, "lock.db"));
  }

  async read(path: string): Promise<Uint8Array | null> {
    checkPath(path);
    return this.#read(path).catch((error) => {
      throw fileError(error, this.#root);
    });
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    checkPath(path);
    try {
      const aside = await this.#writeAside(bytes);
      try {
        await this.#link(aside, path, bytes);
      } finally {
        await unlink(aside);
      }
      await this.#syncs.sync(dirname(this.#file(path)));
    } catch (error) {
      throw fileError(error, this.#root);
    }
  }

  async replace(path: string, expected: Uint8Array | null, next: Uint8Array): Promise<boolean> {
    checkPath(path);
    try {
      await this.#prepare();
      return await this.#lock.run(async () => {
        const known = await this.#read(path);
        const same = expected === null ? known === null : known !== null && sameBytes(known, expected);
        if (!same) return false;
        const directory = dirname(this.#file(path));
        await this.#directories.ensure(directory);
        await rename(await this.#writeAside(next), this.#file(path));
        await this.#syncs.sync(directory);
        return true;
      });
    } catch (error) {
      throw fileError(error, this.#root);
    }
  }

  async list(prefix: string): Promise<string[]> {
    const directory = this.#file(prefix);
    const found = await readdir(directory, { recursive: true, withFileTypes: true }).catch((error) => {
      if (hasErrno(error, "ENOENT", "ENOTDIR")) return [];
      throw fileError(error, this.#root);
    });
    return found
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.#root, join(entry.parentPath, entry.name)).split(sep).join("/"))
      .filter((path) => !path.startsWith(OWN_FOLDER));
  }

  async remove(path: string): Promise<void> {
    checkPath(path);
    const directory = dirname(this.#file(path));
    try {
      await unlink(this.#file(path));
    } catch (error) {
      if (!hasErrno(error, "ENOENT", "ENOTDIR")) throw fileError(error, this.#root);
    }
    if (!directory.endsWith(".p")) return;
    this.#directories.forget(directory);
    try {
      await rmdir(directory);
    } catch (error) {
      if (!hasErrno(error, "ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR")) throw fileError(error, this.#root);
    }
  }

  /** Gives the lock's file back. Nothing is lost without it. */
  close(): void {
    this.#lock.close();
  }

  #file(path: string): string {
    return join(this.#root, path);
  }

  async #read(path: string): Promise<Uint8Array | null> {
    try {
      const { buffer, byteOffset, length } = await readFile(this.#file(path));
      return new Uint8Array(buffer, byteOffset, length);
    } catch (error) {
      if (hasErrno(error, "ENOENT", "ENOTDIR", "EISDIR")) return null;
      throw error;
    }
  }

  async #link(aside: string, path: string, bytes: Uint8Array): Promise<void> {
    const directory = dirname(this.#file(path));
    for (let attempt = 1; ; attempt++) {
      await this.#directories.ensure(directory);
      try {
        return await link(aside, this.#file(path));
      } catch (error) {
        if (hasErrno(error, "EEXIST")) {
          const known = await this.#read(path);
          if (known !== null && sameBytes(known, bytes)) return;
          if (known !== null) throw conflictAt(path);
        } else if (!hasErrno(error, "ENOENT")) throw error;
        if (attempt === LINK_ATTEMPTS) throw error;
        this.#directories.forget(directory);
      }
    }
  }

  /** A file with these bytes that has no name in the log yet; synced. */
  async #writeAside(bytes: Uint8Array): Promise<string> {
    await this.#prepare();
    const name = `${process.pid}-${this.#count++}-${randomBytes(6).toString("hex")}`;
    const aside = join(this.#own, name);
    try {
      await writeFile(aside, bytes, { flag: "wx", flush: true });
    } catch (error) {
      await rm(aside, { force: true }); // a full disk leaves half a file
      throw error;
    }
    return aside;
  }

  #prepare(): Promise<void> {
    if (this.#prepared === null) {
      const prepared = this.#removeLeftOvers();
      this.#prepared = prepared;
      prepared.catch(() => {
        if (this.#prepared === prepared) this.#prepared = null;
      });
    }
    return this.#prepared;
  }

  async #removeLeftOvers(): Promise<void> {
    await this.#directories.ensure(this.#own);
    const before = Date.now() - LEFT_OVER_MS;
    for (const name of await readdir(this.#own)) {
      const file = join(this.#own, name);
      if (!/^\d+-\d+-[0-9a-f]{12}$/.test(name)) continue;
      try {
        if ((await stat(file)).mtimeMs < before) await unlink(file);
      } catch (error) {
        if (!hasErrno(error, "ENOENT")) throw error; // another process was first
      }
    }
  }
}
