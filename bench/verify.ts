/**
 * `tripline verify`, without its terminal: records of 1.2 KB in the embedded store and in a ClickHouse beside it, in a bundle, and the
 * ledger's tiles alone; then one record's proof out of a hundred million leaves. Prints BenchResults as JSON.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import {
  type CatalogEntry,
  createSigner,
  encodeBundle,
  encodeCatalog,
  FileReader,
  FileStorage,
  generateSigningKey,
  LogView,
  leafHash,
  nodeHash,
  openLog,
  originOf,
  parseTilePath,
  partitionPath,
  type ResourceReader,
  recordEntry,
  renamedKey,
  rootEntry,
  rootOfPeaks,
  TILE_WIDTH,
  type TreeHead,
  tileWidth,
  verifyInclusion,
} from "@tripline/ledger";
import { createContext } from "@tripline/service";
import {
  openSealedReader,
  openStore,
  rowFromEnvelope,
  rowFromPayload,
  rowFromPlainEnvelope,
  type SealedReader,
  scanPlainEnvelope,
} from "@tripline/store";
import {
  type AuditEvent,
  audit,
  type BundleEvent,
  type LedgerFiles,
  makeBundle,
  type RecordSource,
  sha256Hex,
  verifyBundle,
} from "@tripline/verify";
import { frontProcess } from "../packages/store/src/testing/front-process.ts";
import { DistinctRecords } from "../services/archiver/bench/distinct-records.ts";
import { quantile } from "./result.ts";

const RECORDS = Number(process.env.BENCH_RECORDS ?? 300_000);
const BATCH = 10_000; // what the store takes at once
const CHECKPOINT_EVERY = 10_000; // a second's worth at 10,000 records/s
const GENERATION = "bench-1";
const MOST_POSITIONS = 65_536; // some 40 MB, as the command asks for
const PORT = 20_871;
const GOAL = { at_least: 300_000 };
const FIRST_MS = Date.UTC(2026, 9, 1);
const TREE_LEAVES = 100_000_000;
const PROOFS = 200;

const context = createContext({ service: "bench", logLevel: "warn" });
/** Kept, and used again as it is when it is there: ten million records take a quarter of an hour to write. */
const kept = process.env.BENCH_DIRECTORY;
const directory = kept ?? mkdtempSync(join(tmpdir(), "tripline-verify-"));
const ledgerDirectory = join(directory, "ledger");
const ledger: LedgerFiles = { of: (path) => new FileReader(join(ledgerDirectory, path)) };
if (!existsSync(join(ledgerDirectory, "logs.json"))) await prepare();
if (process.env.BENCH_PREPARE_ONLY !== undefined) process.exit(0);
const embedded = await openStore({ dataDir: join(directory, "store") });
const figures = [await rate("against the embedded store", audit(options(sourceOf(embedded.sealed))))];
const bundle = await bundleOf(sourceOf(embedded.sealed));
await embedded.close();
const front = frontProcess(join(directory, "store"), PORT);
await front.start();
const server = openSealedReader({ url: front.url });
figures.push(await rate("against a ClickHouse beside it", audit(options(sourceOf(server.sealed))), GOAL));
await server.close();
await front.kill();
figures.push(await rate("a bundle", verifyBundle(bundle, null)));
figures.push(await rate("tiles alone", audit(options(null))));
print("verify", figures);
print("one record's proof", await proofs());
await context.close();
if (kept === undefined) rmSync(directory, { recursive: true, force: true });
process.exit(0);

function options(source: RecordSource | null) {
  return { ledger, source, policy: null, selection: {} };
}

function sourceOf(sealed: SealedReader): RecordSource {
  return {
    most: MOST_POSITIONS,
    read: (of, from, to) => sealed.block({ ...of, from, to }),
    exact: (of, from, to) => sealed.exact({ ...of, from, to }),
    byId: (ids) => sealed.byId(ids),
    erasures: () => sealed.erasures(),
    partitions: () => sealed.partitions(),
  };
}

/** Stores the records as the archiver does, and seals them. */
async function prepare(): Promise<void> {
  const key = generateSigningKey("any");
  const catalog: CatalogEntry[] = [];
  const open = async (path: string) => {
    const origin = originOf(key.verifier.publicKey, path);
    const own = renamedKey(key, origin);
    catalog.push({ path, origin, verifier_key: own.verifier.verifierKey });
    return openLog({
      storage: new FileStorage(join(ledgerDirectory, path)),
      origin,
      signers: [createSigner(own)],
    });
  };
  const log = await open(partitionPath(GENERATION, 0));
  const root = await open("root");
  const store = await openStore({ dataDir: join(directory, "store") });
  const made = new DistinctRecords(1, FIRST_MS);
  for (let first = 0; first < RECORDS; first += BATCH) {
    const records = Array.from({ length: Math.min(BATCH, RECORDS - first) }, () => rowsOf(made.next()));
    const range = {
      generation: GENERATION,
      topic: "tripline.events",
      partition: 0,
      first,
      last: first + records.length - 1,
    };
    await store.writer.insert(range, {
      table: "payloads",
      lines: records.flatMap((record, at) => record.payloadRow(first + at)),
    });
    await store.writer.insert(range, {
      table: "records",
      lines: records.map((record, at) => record.row(first + at)),
    });
    for (let at = 0; at < records.length; at += CHECKPOINT_EVERY) {
      const entries = records.slice(at, at + CHECKPOINT_EVERY).map(({ entry }) => entry);
      await log.append(first + at, entries);
      const { size, root: hash } = await log.checkpoint();
      const checkpoint = { origin: log.origin, size, root: hash, extensions: [] };
      await root.append(root.size, [
        rootEntry({ time: new Date(FIRST_MS + size).toISOString(), checkpoints: [checkpoint] }),
      ]);
    }
  }
  await root.checkpoint();
  await store.close();
  await new FileStorage(ledgerDirectory).replace("logs.json", null, encodeCatalog(catalog));
}

function rowsOf({ text, time }: { text: string; time: number }) {
  const { envelope, payload } = JSON.parse(text);
  const envelopeText = JSON.stringify(envelope);
  const source = (offset: number) => ({ generation: GENERATION, partition: 0, offset, appendTime: time });
  const plain = scanPlainEnvelope(envelopeText, 0);
  return {
    entry: recordEntry(envelope.id, Buffer.from(envelopeText)),
    row: (offset: number) =>
      plain === null
        ? rowFromEnvelope(envelope, envelopeText, true, source(offset))
        : rowFromPlainEnvelope(plain, source(offset)),
    payloadRow: (offset: number) =>
      payload === undefined
        ? []
        : [rowFromPayload(envelope, payload, JSON.stringify(payload), source(offset))],
  };
}

async function rate(
  name: string,
  events: AsyncGenerator<AuditEvent> | AsyncGenerator<BundleEvent>,
  goal?: typeof GOAL,
) {
  const started = performance.now();
  const cpu = process.cpuUsage();
  for await (const event of events) {
    if (event.type !== "summary") continue;
    const { state, counts } = event.summary;
    if (state !== "verified" || counts.valid !== RECORDS)
      throw new Error(`not what was stored: ${JSON.stringify(event.summary)}`);
  }
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.error(`${name}: ${((user + system) / RECORDS).toFixed(2)} µs of this process's CPU a record`);
  return { name, value: RECORDS / seconds, unit: "records/s", ...(goal === undefined ? {} : { goal }) };
}

async function bundleOf(source: RecordSource) {
  const files = new Map<string, string>();
  const listed = [];
  let count = 0;
  const keep = (path: string, bytes: Uint8Array) => {
    const file = join(directory, `bundle-${count++}`);
    writeFileSync(file, bytes);
    files.set(path, file);
  };
  const made = { ledger, source, policy: null, selection: {}, made: "now", page: new Uint8Array() };
  for await (const part of makeBundle(made)) {
    if (part.type === "file") {
      keep(part.path, part.bytes);
      listed.push({ path: part.path, bytes: part.bytes.length, sha256: sha256Hex(part.bytes) });
    }
    if (part.type === "done")
      keep("manifest.json", Buffer.from(JSON.stringify({ ...part.manifest, files: listed })));
  }
  return {
    read: async (path: string) => {
      const file = files.get(path);
      return file === undefined ? null : new Uint8Array(readFileSync(file));
    },
    list: async () => [...files.keys()],
  };
}

/** Proofs out of a tree of equal leaves, whose few distinct tiles are files: each by a reader that has read nothing yet. */
async function proofs() {
  const entry = recordEntry("0192f000-0000-7000-8000-000000000001", Buffer.from("{}"));
  const roots = [leafHash(entry)]; // of a full subtree, by tile level
  for (let level = 0; level < 4; level++) {
    let hash = roots[level] ?? new Uint8Array();
    for (let height = 0; height < 8; height++) hash = nodeHash(hash, hash);
    roots.push(hash);
  }
  const file = (name: string) => join(directory, name);
  writeFileSync(file("entries"), encodeBundle(Array.from({ length: TILE_WIDTH }, () => entry)));
  for (const [level, hash] of roots.entries())
    writeFileSync(file(`level-${level}`), Buffer.concat(Array.from({ length: TILE_WIDTH }, () => hash)));
  const storage: ResourceReader = {
    async read(path) {
      const resource = parseTilePath(path);
      if (resource === null) return null;
      const bytes = new Uint8Array(
        readFileSync(file(resource.kind === "tile" ? `level-${resource.level}` : "entries")),
      );
      const of = resource.kind === "tile" ? bytes.length / TILE_WIDTH : 2 + entry.length;
      return bytes.subarray(0, resource.width * of);
    },
  };
  const head: TreeHead = { size: TREE_LEAVES, root: rootOfEqual(roots) };
  const times: number[] = [];
  for (let n = 0; n < PROOFS; n++) {
    const index = Math.floor((n / PROOFS) * TREE_LEAVES);
    const started = performance.now();
    const { reader } = await LogView.at(storage, head);
    const leaf = await reader.entry(index);
    const proof = await reader.inclusionProof(index);
    const holds = verifyInclusion({ index, size: head.size, leafHash: leafHash(leaf), proof }, head.root);
    times.push(performance.now() - started);
    if (!holds) throw new Error("a proof does not hold");
  }
  return [
    {
      name: `entry and proof out of ${TREE_LEAVES / 1e6} million leaves, p50`,
      value: quantile(times, 0.5),
      unit: "ms",
    },
    { name: "p99", value: quantile(times, 0.99), unit: "ms", goal: { at_most: 50 } },
  ];
}

function rootOfEqual(roots: readonly Uint8Array[]): Uint8Array {
  const peaks: Uint8Array[] = [];
  for (let height = 31; height >= 0; height--) {
    if (Math.floor(TREE_LEAVES / 2 ** height) % 2 === 0) continue;
    let hash = roots[Math.floor(height / 8)] ?? new Uint8Array();
    for (let above = Math.floor(height / 8) * 8; above < height; above++) hash = nodeHash(hash, hash);
    peaks.push(hash);
  }
  if (tileWidth(0, 0, TREE_LEAVES) !== TILE_WIDTH) throw new Error("too small a tree");
  return rootOfPeaks(peaks);
}

function print(bench: string, found: readonly object[]): void {
  console.log(JSON.stringify({ bench, figures: found }));
}
