import { createHash } from "node:crypto";
import {
  CATALOG_PATH,
  type CatalogEntry,
  type Checkpoint,
  createCosigner,
  createSigner,
  encodeCatalog,
  generateSigningKey,
  lostEntry,
  MemoryStorage,
  openLog,
  openNote,
  originOf,
  type Policy,
  parsePolicy,
  partitionPath,
  ROOT_PATH,
  recordEntry,
  renamedKey,
  rootEntry,
  SIGNATURE_TYPE,
  type SigningKey,
  signNote,
  type TiledLog,
  unreadableEntry,
} from "@tripline/ledger";
import { uuidBytes } from "../bytes.ts";
import type { LedgerFiles } from "../ledger-files.ts";
import { RecordList } from "../record-list.ts";
import type { PartitionOf, StoredLetter, StoredPayload, StoredRow } from "../sources.ts";

/** A small installation in memory: records, their ledger, a witness and its policy, all of which a test may change. */

export const GENERATION = "memory-1";
export const T0 = Date.UTC(2026, 10, 21, 9, 30);
const PAYLOAD_SALT = "ab".repeat(16);

export interface WorldRecord {
  id: string;
  envelope: string;
  payload: string | null;
}

export function testId(n: number): string {
  const ms = (T0 + n).toString(16).padStart(12, "0");
  const rest = createHash("sha256").update(String(n)).digest("hex");
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6, 18)}`;
}

export const timeAt = (ms: number): string => new Date(T0 + ms).toISOString();

/** The n-th record: a call with a payload, of one of three people. */
export function worldRecord(n: number, more: Readonly<Record<string, unknown>> = {}): WorldRecord {
  const payload = JSON.stringify({ salt: PAYLOAD_SALT, args: { path: `/f/${n}` }, result: `content ${n}` });
  const id = testId(n);
  const envelope = JSON.stringify({
    v: 1,
    id,
    type: "call",
    time: timeAt(n),
    received: timeAt(n + 1),
    tenant: "acme",
    producer: { id: "gw-1", boot: testId(1_000_000), seq: n },
    actor: { principal: `sub_${String(n % 3).repeat(32)}`, credential: "local:demo" },
    session: { id: `s-${n % 5}`, source: "mcp" },
    target: { server: "files", tool: "read_file" },
    call: { id: testId(2_000_000 + n), method: "tools/call", outcome: "ok" },
    ...more,
    payload_hash: createHash("sha256").update(payload).digest("hex"),
  });
  return { id, envelope, payload };
}

/** A record of one of Tripline's own services, without a payload. */
export function erasureRecord(n: number, erasure: Readonly<Record<string, unknown>>): WorldRecord {
  const id = testId(n);
  const envelope = JSON.stringify({
    v: 1,
    id,
    type: "erasure",
    time: timeAt(n),
    received: timeAt(n + 1),
    tenant: "acme",
    producer: { id: "console", boot: testId(3_000_000), seq: n },
    erasure: { except: [], reason: "asked for", by: "ann", ...erasure },
  });
  return { id, envelope, payload: null };
}

/** The record that says that envelopes were removed. */
export function removalRecord(
  n: number,
  removed: Readonly<Record<string, unknown>>,
  by = "tripline-retention",
): WorldRecord {
  const id = testId(n);
  const envelope = JSON.stringify({
    v: 1,
    id,
    type: "retention",
    time: timeAt(n),
    received: timeAt(n),
    tenant: "local",
    producer: { id: by, boot: testId(3_000_001), seq: n },
    retention: {
      action: "removed",
      generation: GENERATION,
      partition: 0,
      kept: [],
      by: "policy",
      ...removed,
    },
  });
  return { id, envelope, payload: null };
}

export class World implements LedgerFiles {
  /** By the path of the log; "" is the ledger's own. */
  readonly storages = new Map<string, MemoryStorage>();
  readonly key: SigningKey;
  readonly witness = generateSigningKey("witness.example", SIGNATURE_TYPE.cosignatureV1);
  readonly #logs = new Map<string, TiledLog>();
  readonly #partitions: number;
  readonly #generation: string;
  #catalog: CatalogEntry[] = [];
  #taken = new Map<string, number>();
  source = new RecordList();
  /** What was appended, by path. */
  readonly records = new Map<string, (WorldRecord | null)[]>();

  constructor({ partitions = 1, generation = GENERATION } = {}) {
    this.#generation = generation;
    this.key = generateSigningKey("any");
    this.#partitions = partitions;
  }

  of(path: string): MemoryStorage {
    const storage = this.storages.get(path) ?? new MemoryStorage();
    this.storages.set(path, storage);
    return storage;
  }

  get rootOrigin(): string {
    return originOf(this.key.verifier.publicKey, ROOT_PATH);
  }

  /** Whom an auditor trusts: the root log's key, and the witness. */
  get policyText(): string {
    const { verifierKey } = renamedKey(this.key, this.rootOrigin).verifier;
    return `log ${verifierKey}\nwitness w1 ${this.witness.verifier.verifierKey}\nquorum w1\n`;
  }

  get policy(): Policy {
    return parsePolicy(new TextEncoder().encode(this.policyText));
  }

  place(partition = 0): PartitionOf {
    return { generation: this.#generation, partition };
  }

  path(partition = 0): string {
    return partitionPath(this.#generation, partition);
  }

  async log(path: string): Promise<TiledLog> {
    const known = this.#logs.get(path);
    if (known !== undefined) return known;
    const origin = originOf(this.key.verifier.publicKey, path);
    const own = renamedKey(this.key, origin);
    const log = await openLog({ storage: this.of(path), origin, signers: [createSigner(own)] });
    this.#logs.set(path, log);
    if (!this.#catalog.some((entry) => entry.path === path))
      this.#catalog.push({ path, origin, verifier_key: own.verifier.verifierKey });
    this.of("").files.set(CATALOG_PATH, encodeCatalog(this.#catalog));
    return log;
  }

  /** Stores and appends; `null` is a position that was lost, a text one that was no record. */
  async append(records: readonly (WorldRecord | string | null)[], partition = 0): Promise<void> {
    const log = await this.log(this.path(partition));
    const first = log.size;
    const entries = records.map((record) => {
      if (record === null) return lostEntry();
      if (typeof record === "string") return unreadableEntry(utf8(record));
      return recordEntry(record.id, utf8(record.envelope));
    });
    for (const [at, record] of records.entries()) {
      const index = first + at;
      if (typeof record === "string")
        this.source.add(this.place(partition), { letter: { index, bytes: utf8(record) } });
      else if (record !== null) this.store(record, index, partition);
    }
    await log.append(first, entries);
    await log.checkpoint();
    const known = this.records.get(this.path(partition)) ?? [];
    this.records.set(this.path(partition), [
      ...known,
      ...records.map((record) => (typeof record === "string" ? null : record)),
    ]);
  }

  store({ id, envelope, payload }: WorldRecord, index: number, partition = 0): void {
    const row = { index, id: uuidBytes(id), envelope: utf8(envelope) };
    this.source.add(this.place(partition), { row });
    if (payload !== null)
      this.source.add(this.place(partition), {
        payload: { index, recordId: uuidBytes(id), bytes: utf8(payload) },
      });
  }

  /** The root log takes what has grown; a witness cosigns unless told otherwise. @param ms after T0 */
  async seal(ms: number, { witnessed = true } = {}): Promise<void> {
    const root = await this.log(ROOT_PATH);
    const checkpoints: Checkpoint[] = [];
    for (let partition = 0; partition < this.#partitions; partition++) {
      const log = this.#logs.get(this.path(partition));
      if (log === undefined) continue;
      const { size, root: hash } = log.published;
      if ((this.#taken.get(log.origin) ?? -1) === size) continue;
      this.#taken.set(log.origin, size);
      checkpoints.push({ origin: log.origin, size, root: hash, extensions: [] });
    }
    await root.append(root.size, [rootEntry({ time: timeAt(ms), checkpoints })]);
    const { note } = await root.checkpoint();
    if (witnessed) this.of(ROOT_PATH).files.set("witnessed", await this.cosign(note, ms));
  }

  async cosign(note: Uint8Array, ms: number): Promise<Uint8Array> {
    const rootKey = renamedKey(this.key, this.rootOrigin);
    const { text } = openNote(note, [rootKey.verifier]);
    return signNote(text, [createSigner(rootKey), createCosigner(this.witness, () => T0 + ms)]);
  }

  /** All files, as they are now. */
  snapshot(): Map<string, Map<string, Uint8Array>> {
    return new Map([...this.storages].map(([path, { files }]) => [path, new Map(files)]));
  }
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The same records with something done to them. A function may give nothing back, another, or several. */
export async function tampered(
  source: RecordList,
  of: PartitionOf,
  change: {
    rows?: (row: StoredRow) => StoredRow | StoredRow[] | null;
    payloads?: (payload: StoredPayload) => StoredPayload | StoredPayload[] | null;
    letters?: (letter: StoredLetter) => StoredLetter | null;
  },
): Promise<RecordList> {
  const { rows, payloads, letters } = await source.read(of, 0, Number.MAX_SAFE_INTEGER);
  const after = new RecordList();
  const {
    rows: ofRow = (row) => row,
    payloads: ofPayload = (payload) => payload,
    letters: ofLetter = (letter) => letter,
  } = change;
  for (const row of rows.flatMap((row) => ofRow(row) ?? [])) after.add(of, { row });
  for (const payload of payloads.flatMap((payload) => ofPayload(payload) ?? [])) after.add(of, { payload });
  for (const letter of letters.flatMap((letter) => ofLetter(letter) ?? [])) after.add(of, { letter });
  return after;
}

/** Bytes with one character of their text replaced. */
export function edited(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  if (!text.includes(from)) throw new Error(`there is no ${from} to replace`);
  return utf8(text.replace(from, to));
}
