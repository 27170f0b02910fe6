import { setTimeout as delay } from "node:timers/promises";
import { sha256 } from "#crypto";
import { LedgerError } from "../../errors.ts";
import { sameBytes } from "../../tree/hashing.ts";
import { conflictAt } from "../conflict.ts";
import { checkPath } from "../path-check.ts";
import type { LedgerStorage, WriteOptions } from "../storage.ts";
import { type S3Answer, S3Client, type S3Options } from "./s3-client.ts";

const DAY_MS = 86_400_000;
const PRECONDITION_FAILED = 412;
const CONFLICTING_REQUEST = 409; // another conditional write to the same key was under way
const CONFLICT_ATTEMPTS = 8;
const CONFLICT_PAUSE_MS = 10; // twice as long each time, at most: 2.5 s together

export interface Retention {
  /** `COMPLIANCE`: nobody, the account's owner included, can remove or change an object before its time. */
  mode: "GOVERNANCE" | "COMPLIANCE";
  days: number;
}

export interface S3StorageOptions extends S3Options {
  /** Put before each path: `ledger/events-0/`. */
  prefix?: string;
  /** Needs a bucket with Object Lock. Holds full tiles and bundles; partial ones and the checkpoint stay changeable. */
  retention?: Retention;
}

/**
 * A log in an S3-compatible bucket, which must know conditional writes: If-None-Match keeps objects immutable, If-Match makes
 * the checkpoint's compare and set.
 */
export class S3Storage implements LedgerStorage {
  readonly #client: S3Client;
  readonly #prefix: string;
  readonly #retention: Retention | null;

  constructor(options: S3StorageOptions) {
    this.#client = new S3Client(options);
    this.#prefix = options.prefix ?? "";
    this.#retention = options.retention ?? null;
    if (!/^([A-Za-z0-9_-][A-Za-z0-9._-]*\/)*$/.test(this.#prefix))
      throw new LedgerError(
        "TRIPLINE_LEDGER_INVALID",
        "a prefix is names of letters, digits, dashes and dots, none of which begins with a dot, each with a slash behind it",
      );
  }

  async read(path: string): Promise<Uint8Array | null> {
    return (await this.#get(path))?.bytes ?? null;
  }

  async write(path: string, bytes: Uint8Array, { provisional = false }: WriteOptions = {}): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      if (await this.#put(path, bytes, { "if-none-match": "*", ...this.#lock(provisional) })) return;
      const known = await this.read(path);
      if (known !== null && sameBytes(known, bytes)) return;
      // There is something, and it can't be read yet: another's write is on its way.
      if (known !== null || attempt === CONFLICT_ATTEMPTS) throw conflictAt(path);
      await delay(CONFLICT_PAUSE_MS * 2 ** attempt);
    }
  }

  async replace(path: string, expected: Uint8Array | null, next: Uint8Array): Promise<boolean> {
    const known = await this.#get(path);
    if (expected === null ? known !== null : known === null || !sameBytes(known.bytes, expected))
      return false;
    return this.#put(path, next, known === null ? { "if-none-match": "*" } : { "if-match": known.etag });
  }

  async list(prefix: string): Promise<string[]> {
    const paths: string[] = [];
    let continuation: string | null = null;
    do {
      const query: Record<string, string> = { "list-type": "2", prefix: `${this.#prefix}${prefix}` };
      if (continuation !== null) query["continuation-token"] = continuation;
      const answer = await this.#client.request({ method: "GET", key: "", query });
      if (answer.status !== 200) throw refused("list", prefix, answer);
      const xml = new TextDecoder().decode(answer.body);
      for (const [, key = ""] of xml.matchAll(/<Key>([^<]*)<\/Key>/g))
        paths.push(key.slice(this.#prefix.length));
      continuation = /<NextContinuationToken>([^<]*)<\/NextContinuationToken>/.exec(xml)?.[1] ?? null;
    } while (continuation !== null);
    return paths;
  }

  async remove(path: string): Promise<void> {
    const answer = await this.#client.request({ method: "DELETE", key: this.#key(path) });
    if (answer.status !== 204 && answer.status !== 200 && answer.status !== 404)
      throw refused("remove", path, answer);
  }

  async #get(path: string): Promise<{ bytes: Uint8Array; etag: string } | null> {
    const answer = await this.#client.request({ method: "GET", key: this.#key(path) });
    if (answer.status === 404) return null;
    if (answer.status !== 200) throw refused("read", path, answer);
    return { bytes: answer.body, etag: answer.headers.get("etag") ?? "" };
  }

  /** False where the condition in the headers does not hold. */
  async #put(path: string, bytes: Uint8Array, conditions: Record<string, string>): Promise<boolean> {
    const checksum = Buffer.from(sha256(bytes)).toString("base64"); // the service refuses what arrives otherwise
    const headers = { ...conditions, "x-amz-checksum-sha256": checksum };
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#client.request({
        method: "PUT",
        key: this.#key(path),
        headers,
        body: bytes,
      });
      if (answer.status === 200) return true;
      if (answer.status === PRECONDITION_FAILED) {
        if (!answer.again) return false;
        const known = await this.read(path); // perhaps it was this very write, whose answer was lost
        return known !== null && sameBytes(known, bytes);
      }
      if (answer.status !== CONFLICTING_REQUEST || attempt === CONFLICT_ATTEMPTS)
        throw refused("write", path, answer);
      await delay(CONFLICT_PAUSE_MS * 2 ** attempt * Math.random()); // not all at once again
    }
  }

  #lock(provisional: boolean): Record<string, string> {
    if (this.#retention === null || provisional) return {};
    const until = new Date(Date.now() + this.#retention.days * DAY_MS);
    return {
      "x-amz-object-lock-mode": this.#retention.mode,
      "x-amz-object-lock-retain-until-date": until.toISOString(),
    };
  }

  #key(path: string): string {
    checkPath(path);
    return `${this.#prefix}${path}`;
  }
}

function refused(what: string, path: string, { status, body }: S3Answer): LedgerError {
  const code = /<Code>([A-Za-z]{1,60})<\/Code>/.exec(new TextDecoder().decode(body))?.[1] ?? "no code";
  return new LedgerError(
    "TRIPLINE_LEDGER_REFUSED",
    `the object store refused to ${what} ${path} (HTTP ${status}, ${code}): check the credentials, their rights, and that the bucket has what is asked of it`,
  );
}
