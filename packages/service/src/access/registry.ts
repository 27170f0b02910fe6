import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { TriplineError } from "@tripline/events";
import type { Logger } from "pino";
import { OneAtATime } from "../one-at-a-time.ts";
import { accessFileVersion, changeAccessFile, readAccessFile } from "./access-file.ts";
import {
  type AccessFile,
  DEFAULT_QUOTA,
  type Person,
  type PersonEntry,
  type Producer,
  type ProducerEntry,
  personId,
  type Role,
  shownPerson,
  shownProducer,
} from "./entries.ts";
import { newToken, tokenHash } from "./token.ts";

const RELOAD_EVERY_MS = 1_000; // how long a token revoked by another process (the CLI) may still work

/** Whose token it is. */
export type Identity = { kind: "person"; person: Person } | { kind: "producer"; producer: Producer };

export interface NewPerson {
  id: string;
  name?: string;
  tenant: string;
  roles: readonly Role[];
  /** ISO time */
  expires_at?: string | undefined;
}

export interface NewProducer {
  id: string;
  tenant: string;
  issuers: readonly string[];
  credentials?: readonly string[] | undefined;
  /** records a second, default 10,000 */
  quota?: number | undefined;
  /** ISO time */
  expires_at?: string | undefined;
}

export interface AccessOptions {
  /** path of `access.json` */
  path: string;
  logger: Logger;
  now(): number;
}

/**
 * All tokens of an installation, in memory and in `access.json`. Several processes may open the same file: changes are
 * seen within a second. Ids are unique for each kind; creating one that exists fails unless `replace` is set, which
 * makes the old token invalid.
 */
export class AccessRegistry {
  readonly #options: AccessOptions;
  #people = new Map<string, PersonEntry>();
  #producers = new Map<string, ProducerEntry>();
  #byHash = new Map<string, { identity: Identity; expires: number }>();
  #version = "";
  #timer: NodeJS.Timeout | undefined;
  /** Reads and changes run one after the other, or a slow read would bring a revoked token back. */
  readonly #turns = new OneAtATime();

  private constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** Reads the file, and looks every second whether it changed until `close`. */
  static async open(options: AccessOptions): Promise<AccessRegistry> {
    const registry = new AccessRegistry(options);
    await usable(dirname(options.path), async (directory) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await registry.reload();
    });
    registry.#timer = setInterval(() => {
      registry.reload().catch((error: unknown) => {
        // The last good entries stay in force: a half-edited file must not lock everybody out, or in.
        options.logger.error({ err: error }, "access.json changed and could not be read");
      });
    }, RELOAD_EVERY_MS);
    registry.#timer.unref();
    return registry;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** True when there is neither person nor producer: nothing was ever set up. */
  get isEmpty(): boolean {
    return this.#people.size === 0 && this.#producers.size === 0;
  }

  /**
   * Whose token this is; null when it is unknown, revoked or expired. Looked up by its SHA-256, so the time it takes
   * says nothing about how near a guess was.
   */
  authenticate(token: string): Identity | null {
    const found = this.#byHash.get(tokenHash(token));
    return found === undefined || found.expires <= this.#options.now() ? null : found.identity;
  }

  people(tenant: string): Person[] {
    return [...this.#people.values()].filter((entry) => entry.tenant === tenant).map(shownPerson);
  }

  producers(tenant: string): Producer[] {
    return [...this.#producers.values()].filter((entry) => entry.tenant === tenant).map(shownProducer);
  }

  /** Whether this producer is still enrolled, for connections that live longer than a request. */
  isEnrolled(producerId: string): boolean {
    const entry = this.#producers.get(producerId);
    return entry !== undefined && expiry(entry) > this.#options.now();
  }

  /** The token is in the answer and nowhere else. @throws TRIPLINE_ACCESS_EXISTS */
  async createPerson(
    person: NewPerson,
    options: { replace?: boolean } = {},
  ): Promise<{ token: string; person: Person }> {
    if (!personId.safeParse(person.id).success) {
      throw new TriplineError(
        "TRIPLINE_ACCESS_ID",
        "a person's id is up to 63 letters, digits, '.', '_' or '-', and not `policy`",
      );
    }
    const token = newToken("tlu");
    const entry: PersonEntry = {
      id: person.id,
      tenant: person.tenant,
      created_at: new Date(this.#options.now()).toISOString(),
      ...(person.expires_at === undefined ? {} : { expires_at: person.expires_at }),
      token_sha256: tokenHash(token),
      name: person.name ?? person.id,
      roles: [...new Set(person.roles)],
    };
    await this.#change((file) => ({ ...file, people: added(file.people, entry, options.replace) }));
    return { token, person: shownPerson(entry) };
  }

  /** The token is in the answer and nowhere else. @throws TRIPLINE_ACCESS_EXISTS */
  async createProducer(
    producer: NewProducer,
    options: { replace?: boolean } = {},
  ): Promise<{ token: string; producer: Producer }> {
    const token = newToken("tlp");
    const entry: ProducerEntry = {
      id: producer.id,
      tenant: producer.tenant,
      created_at: new Date(this.#options.now()).toISOString(),
      ...(producer.expires_at === undefined ? {} : { expires_at: producer.expires_at }),
      token_sha256: tokenHash(token),
      issuers: [...new Set(producer.issuers)],
      credentials: [...new Set(producer.credentials ?? [])],
      quota: producer.quota ?? DEFAULT_QUOTA,
    };
    await this.#change((file) => ({ ...file, producers: added(file.producers, entry, options.replace) }));
    return { token, producer: shownProducer(entry) };
  }

  /** False when the tenant has no such person. */
  async revokePerson(tenant: string, id: string): Promise<boolean> {
    let found = false;
    await this.#change((file) => {
      const people = file.people.filter((entry) => entry.tenant !== tenant || entry.id !== id);
      found = people.length < file.people.length;
      return { ...file, people };
    });
    return found;
  }

  /** False when the tenant has no such producer. */
  async revokeProducer(tenant: string, id: string): Promise<boolean> {
    let found = false;
    await this.#change((file) => {
      const producers = file.producers.filter((entry) => entry.tenant !== tenant || entry.id !== id);
      found = producers.length < file.producers.length;
      return { ...file, producers };
    });
    return found;
  }

  /** Takes over what is in the file now, if it changed. */
  reload(): Promise<void> {
    return this.#turns.run(async () => {
      const version = await accessFileVersion(this.#options.path);
      if (version === this.#version) return;
      this.#use(await readAccessFile(this.#options.path));
      this.#version = version;
    });
  }

  #change(change: (file: AccessFile) => AccessFile): Promise<void> {
    return this.#turns.run(async () => this.#use(await changeAccessFile(this.#options.path, change)));
  }

  #use(file: AccessFile): void {
    this.#people = new Map(file.people.map((entry) => [entry.id, entry]));
    this.#producers = new Map(file.producers.map((entry) => [entry.id, entry]));
    this.#byHash = new Map();
    for (const entry of file.people) {
      const identity: Identity = { kind: "person", person: shownPerson(entry) };
      this.#byHash.set(entry.token_sha256, { identity, expires: expiry(entry) });
    }
    for (const entry of file.producers) {
      const identity: Identity = { kind: "producer", producer: shownProducer(entry) };
      this.#byHash.set(entry.token_sha256, { identity, expires: expiry(entry) });
    }
  }
}

function expiry(entry: { expires_at?: string | undefined }): number {
  return entry.expires_at === undefined ? Number.POSITIVE_INFINITY : Date.parse(entry.expires_at);
}

function added<T extends { id: string }>(entries: readonly T[], entry: T, replace = false): T[] {
  if (!replace && entries.some((known) => known.id === entry.id)) {
    throw new TriplineError(
      "TRIPLINE_ACCESS_EXISTS",
      `the id ${entry.id} is taken: revoke it first or choose another`,
    );
  }
  return [...entries.filter((known) => known.id !== entry.id), entry];
}

/** Whoever starts Tripline chose the directory, so its errors say what to do. */
async function usable(directory: string, use: (directory: string) => Promise<void>): Promise<void> {
  try {
    await use(directory);
  } catch (cause) {
    if (cause instanceof TriplineError) throw cause;
    throw new TriplineError(
      "TRIPLINE_DATA_DIRECTORY",
      `the data directory ${directory} can't be used: name another with --data, or let this user read and write it`,
      { cause },
    );
  }
}
