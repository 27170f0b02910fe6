import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { MANIFEST_PATH, type Manifest, tarEnd, tarHeader, tarPadding } from "@tripline/verify";
import { CommandFailed, EXIT } from "../exit.ts";

/** Writes a bundle's files as they come, and their manifest at last. What it begins it removes when it is given up. */
export class BundleWriter {
  readonly #path: string;
  readonly #tar: number | null;
  readonly #seconds: number;
  readonly #files: Manifest["files"] = [];

  /** @param path a folder, or a file if it ends with `.tar`; must not be there */
  constructor(path: string, now: Date) {
    if (existsSync(path)) throw new CommandFailed(EXIT.usage, `${path} is there already: name another`);
    this.#path = path;
    this.#seconds = Math.floor(now.getTime() / 1000);
    try {
      if (!path.endsWith(".tar")) mkdirSync(path, { recursive: true, mode: 0o700 }); // it holds payloads
      this.#tar = path.endsWith(".tar") ? openSync(path, "wx", 0o600) : null;
    } catch (cause) {
      throw new CommandFailed(
        EXIT.failure,
        `${path} can't be written: is its folder there, and yours?`,
        cause,
      );
    }
  }

  add(path: string, bytes: Uint8Array): void {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    this.#files.push({ path, bytes: bytes.length, sha256 });
    this.#write(path, bytes);
  }

  finish(manifest: Omit<Manifest, "files">): void {
    const files = this.#files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    this.#write(MANIFEST_PATH, Buffer.from(`${JSON.stringify({ ...manifest, files }, null, 1)}\n`));
    if (this.#tar === null) return;
    writeSync(this.#tar, tarEnd());
    fsyncSync(this.#tar);
    closeSync(this.#tar);
  }

  giveUp(): void {
    if (this.#tar !== null) closeSync(this.#tar);
    rmSync(this.#path, { recursive: true, force: true });
  }

  #write(path: string, bytes: Uint8Array): void {
    if (this.#tar === null) {
      const file = join(this.#path, path);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, bytes, { mode: 0o600, flush: true });
      return;
    }
    for (const part of [tarHeader(path, bytes.length, this.#seconds), bytes, tarPadding(bytes.length)])
      for (let at = 0; at < part.length; ) at += writeSync(this.#tar, part, at);
  }
}
