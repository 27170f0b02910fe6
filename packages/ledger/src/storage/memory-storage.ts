import { sameBytes } from "../tree/hashing.ts";
import { conflictAt } from "./conflict.ts";
import { checkPath } from "./path-check.ts";
import type { LedgerStorage } from "./storage.ts";

/** Ends with the process: for tests of the port's callers. `files` is open for them to damage. */
export class MemoryStorage implements LedgerStorage {
  readonly files = new Map<string, Uint8Array>();

  async read(path: string): Promise<Uint8Array | null> {
    checkPath(path);
    return this.files.get(path)?.slice() ?? null;
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    checkPath(path);
    const known = this.files.get(path);
    if (known !== undefined && !sameBytes(known, bytes)) throw conflictAt(path);
    this.files.set(path, bytes.slice());
  }

  async replace(path: string, expected: Uint8Array | null, next: Uint8Array): Promise<boolean> {
    checkPath(path);
    const known = this.files.get(path);
    if (expected === null ? known !== undefined : known === undefined || !sameBytes(known, expected))
      return false;
    this.files.set(path, next.slice());
    return true;
  }

  async list(prefix: string): Promise<string[]> {
    return [...this.files.keys()].filter((path) => path.startsWith(prefix));
  }

  async remove(path: string): Promise<void> {
    this.files.delete(path);
  }
}
