import {
  CHECKPOINT_PATH,
  coveringAnchor,
  encodeBase64,
  encodeCheckpoint,
  firstLeafAt,
  LogView,
  type OpenedRoot,
  openRoot,
  type Policy,
  parseNote,
  pathOfOrigin,
  type ResourceReader,
  ROOT_PATH,
  rootRangeOf,
  sizesAt,
  stretches,
  TILE_WIDTH,
} from "@tripline/ledger/verify";
import { type AuditedRecord, audit, type ListedRecord } from "../audit.ts";
import { sameBytesAt, textOf, timeOfId, uuidBytes, uuidText } from "../bytes.ts";
import type { Finding } from "../finding.ts";
import { type LedgerFiles, policyWithout, readCatalog, statedRootKeys } from "../ledger-files.ts";
import { PartitionLogs } from "../partition-logs.ts";
import { at, parseObject, type Selection } from "../selection.ts";
import { type PartitionOf, partitionOf, pathOf, type RecordSource, type StoredBlock } from "../sources.ts";
import type { Summary } from "../summary.ts";
import { BUNDLE_FORMAT, BUNDLE_VERSION, LEDGER_FOLDER, type Manifest, RECORDS_FOLDER } from "./manifest.ts";
import { letterText, payloadText, recordText } from "./record-lines.ts";
import { RecordedLedger, RecordedSource, type TakenAside } from "./recorder.ts";
import { wordsOf } from "./words.ts";

export interface MakeBundleOptions {
  ledger: LedgerFiles;
  source: RecordSource;
  policy: Policy | null;
  selection: Selection;
  /** Only the event of this id. */
  id?: string;
  /** RFC 3339: the maker's clock. */
  made: string;
  /** The verifier page. */
  page: Uint8Array;
}

export type BundlePart =
  | { type: "file"; path: string; bytes: Uint8Array }
  | { type: "progress"; share: number; leaves: number }
  | { type: "finding"; finding: Finding }
  | { type: "done"; manifest: Omit<Manifest, "files">; summary: Summary };

const FILE_CHARS = 8 * 1024 * 1024; // of records: a part that is hashed and written at once

/**
 * The files of a bundle, but for its manifest, which names them all. What is found wrong on the way is said, and exported as it is: the
 * bundle shows it to whoever verifies it.
 */
export async function* makeBundle(options: MakeBundleOptions): AsyncGenerator<BundlePart> {
  const { selection, id, made } = options;
  const isSelection = id !== undefined || Object.keys(selection.where ?? {}).length > 0;
  const ledger = new RecordedLedger(options.ledger);
  const lines = new LineFiles();
  const asked = { ...selection, ...(id === undefined ? {} : { id }) };
  const asides = new Asides(lines);
  const state: Made = { records: 0, summary: null, hints: { before: [], last: [] } };

  if (isSelection) yield* selected(options, ledger, lines, asides, state);
  else yield* ranged(options, ledger, lines, asides, state);
  if (state.summary === null) throw new Error("an audit ends with a summary");
  yield* lines.rest();
  for (const file of await checkpointFiles(options, ledger)) yield file;
  for (const [path, bytes] of ledger.files) yield { type: "file", path, bytes };
  const manifest: Omit<Manifest, "files"> = {
    ...{ format: BUNDLE_FORMAT, v: BUNDLE_VERSION, made, asked, covers: isSelection ? "selection" : "range" },
    ...{ hints: state.hints, records: state.records },
  };
  yield { type: "file", path: "README.txt", bytes: new TextEncoder().encode(wordsOf(manifest)) };
  yield { type: "file", path: "verifier.html", bytes: options.page };
  yield { type: "done", manifest, summary: state.summary };
}

interface Made {
  records: number;
  summary: Summary | null;
  hints: Manifest["hints"];
}

/** Every position of a range. */
async function* ranged(
  { ledger: all, source, policy, selection }: MakeBundleOptions,
  ledger: RecordedLedger,
  lines: LineFiles,
  asides: Asides,
  made: Made,
): AsyncGenerator<BundlePart> {
  const root = await rootOf(all, policy);
  if (root !== null) {
    const origins = ((await readCatalog(all)) ?? [])
      .map(({ origin }) => origin)
      .filter((each) => pathOfOrigin(each) !== null);
    const range = await rootRangeOf(root.view, selection);
    const leaves = async (leaf: number) =>
      [...(await sizesAt(root.view, leaf, origins)).values()].map(({ origin, leaf: at }) => ({
        origin,
        leaf: at,
      }));
    made.hints = { before: await leaves(range.before), last: await leaves(root.view.head.size - 1) };
  }
  const recorded = new RecordedSource(
    source,
    (of, block) => {
      made.records += block.rows.length;
      lines.block(of, block);
    },
    (aside) => asides.take(aside),
  );
  const events = audit({ ledger, source: recorded, policy, selection, hints: made.hints });
  for await (const event of events) {
    if (event.type === "summary") made.summary = event.summary;
    else yield event;
    yield* lines.full();
  }
}

/** Single records: looked for among all, then verified each by itself. */
async function* selected(
  { ledger: all, source, policy, selection, id }: MakeBundleOptions,
  ledger: RecordedLedger,
  lines: LineFiles,
  asides: Asides,
  made: Made,
): AsyncGenerator<BundlePart> {
  const found: ListedRecord[] = [];
  if (id !== undefined) found.push(...(await listedOf(id, { ledger: all, source, policy })));
  else {
    const onRecord = ({ generation, partition, row, anchor }: AuditedRecord) => {
      found.push({ generation, partition, index: row.index, leaf: anchor.leaf });
    };
    for await (const event of audit({ ledger: all, source, policy, selection, onRecord })) {
      if (event.type === "finding" || event.type === "progress") yield event;
    }
  }
  const leafOf = new Map(found.map((record) => [`${pathOf(record)} ${record.index}`, record.leaf]));
  const recorded = new RecordedSource(
    source,
    (of, block) => {
      made.records += block.rows.length;
      lines.block(of, block, (index) => leafOf.get(`${pathOf(of)} ${index}`));
    },
    (aside) => asides.take(aside),
  );
  for await (const event of audit({ ledger, source: recorded, policy, selection, listed: found })) {
    if (event.type === "summary") made.summary = event.summary;
    if (event.type === "finding" && id !== undefined) yield event; // of others it was said above
    yield* lines.full();
  }
}

/** Where the ledger covers the rows of an event; where it has none, its leaf. */
export async function listedOf(
  id: string,
  { ledger, source, policy }: Pick<MakeBundleOptions, "ledger" | "source" | "policy">,
): Promise<ListedRecord[]> {
  const rows = await source.byId([id]);
  const root = await rootOf(ledger, policy);
  if (root === null) return [];
  const catalog = (await readCatalog(ledger)) ?? [];
  if (rows.length === 0) return leavesOf(id, { ledger, view: root.view });
  const listed: ListedRecord[] = [];
  for (const row of rows) {
    const path = pathOf(row);
    const origin = catalog.find((each) => each.path === path)?.origin;
    if (origin === undefined) continue;
    const said = parseObject(textOf(row.envelope));
    const time = at(said, ["received"]) ?? at(said, ["time"]);
    const from = typeof time === "string" ? time : "";
    const anchor = await coveringAnchor(root.view, { origin, index: row.index, from });
    const { generation, partition, index } = row;
    // Without one it is listed under a leaf that can't cover it, and is found to be unsealed.
    listed.push({ generation, partition, index, leaf: anchor?.leaf ?? root.view.head.size });
  }
  return listed;
}

const BEFORE_MS = 3600_000; // a producer's clock may be ahead of the ledger's
const AFTER_MS = 48 * 3600_000; // a producer that was cut off sends later what it had

/** Leaves of an event that has no row, among those that were sealed about when its id was made. */
async function leavesOf(
  id: string,
  { ledger, view }: { ledger: LedgerFiles; view: LogView },
): Promise<ListedRecord[]> {
  const made = Date.parse(timeOfId(id) ?? "");
  if (Number.isNaN(made)) return [];
  const time = (ms: number) => new Date(Math.max(0, ms)).toISOString();
  const range = await rootRangeOf(view, { from: time(made - BEFORE_MS), to: time(made + AFTER_MS) });
  const origins = ((await readCatalog(ledger)) ?? [])
    .map(({ origin }) => origin)
    .filter((each) => pathOfOrigin(each) !== null);
  const begun = await sizesAt(view, range.before, origins);
  const logs = new PartitionLogs(ledger, view, await sizesAt(view, view.head.size - 1, origins));
  const wanted = uuidBytes(id);
  const found: ListedRecord[] = [];
  for await (const each of stretches(view, range, { begun, anchoredLeaves: 0 })) {
    if (!("stretch" in each)) continue;
    const { origin, from, to, anchors } = each.stretch;
    const { path, view: log } = await logs.of(origin);
    const partition = partitionOf(path);
    if (log === null || partition === null) continue;
    for (let bundle = Math.floor(from / TILE_WIDTH); bundle * TILE_WIDTH < to; bundle += 1) {
      for (const [i, entry] of (await log.entries(bundle)).entries()) {
        const index = bundle * TILE_WIDTH + i;
        const anchor = anchors.find(({ size }) => size > index);
        if (index < from || index >= to || anchor === undefined || !sameBytesAt(entry, 0, wanted)) continue;
        found.push({ ...partition, index, leaf: anchor.leaf });
      }
    }
  }
  return found;
}

async function rootOf(ledger: LedgerFiles, policy: Policy | null): Promise<OpenedRoot | null> {
  const stated = statedRootKeys((await readCatalog(ledger)) ?? []);
  const used = policy ?? policyWithout(stated);
  const { root } = await openRoot({
    storage: ledger.of(ROOT_PATH),
    policy: used,
    logs: used.logs.length > 0 ? used.logs : stated,
  });
  return root;
}

/** The root log before the range and at the end, and the proof between them: for people, and other software. */
async function checkpointFiles(
  { selection }: MakeBundleOptions,
  ledger: RecordedLedger,
): Promise<Extract<BundlePart, { type: "file" }>[]> {
  const note = ledger.files.get(`${LEDGER_FOLDER}/${ROOT_PATH}/${CHECKPOINT_PATH}`);
  if (note === undefined) return [];
  // The log may have grown meanwhile, and its partial tiles be others: those that were read are the note's.
  const live = ledger.of(ROOT_PATH);
  const storage: ResourceReader = {
    read: async (path) => ledger.files.get(`${LEDGER_FOLDER}/${ROOT_PATH}/${path}`) ?? live.read(path),
  };
  const text = (path: string, content: string) => ({
    type: "file" as const,
    path: `checkpoints/${path}`,
    bytes: new TextEncoder().encode(content),
  });
  const files = [{ type: "file" as const, path: "checkpoints/end.note", bytes: note }];
  const [origin = "", size = "0", root = ""] = parseNote(note).text.split("\n");
  const head = {
    size: Number(size),
    root: Uint8Array.from(atob(root), (character) => character.charCodeAt(0)),
  };
  const view = await LogView.at(storage, head);
  const start = selection.from === undefined ? 0 : await firstLeafAt(view, selection.from);
  const before = await view.reader.rootAt(start);
  const proof = await view.reader.consistencyProof(start);
  return [
    ...files,
    text("start.txt", encodeCheckpoint({ origin, size: start, root: before, extensions: [] })),
    text("consistency.txt", [`old ${start}`, ...proof.map(encodeBase64), ""].join("\n")),
  ];
}

/** Lines, gathered into files. */
class LineFiles {
  #lines: string[] = [];
  #chars = 0;
  #count = 0;

  block(
    of: PartitionOf,
    { rows, payloads, letters }: StoredBlock,
    leafOf?: (index: number) => number | undefined,
  ): void {
    for (const row of rows) {
      const leaf = leafOf?.(row.index);
      this.add(recordText(of, row, leaf === undefined ? {} : { root_leaf: leaf }));
    }
    for (const payload of payloads) this.add(payloadText(of, payload));
    for (const letter of letters) this.add(letterText(of, letter));
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#chars += line.length;
  }

  *full(): Generator<BundlePart> {
    if (this.#chars >= FILE_CHARS) yield* this.rest();
  }

  *rest(): Generator<BundlePart> {
    if (this.#lines.length === 0) return;
    this.#count += 1;
    const path = `${RECORDS_FOLDER}/${String(this.#count).padStart(6, "0")}.ndjson`;
    yield { type: "file", path, bytes: new TextEncoder().encode(this.#lines.join("")) };
    this.#lines = [];
    this.#chars = 0;
  }
}

/** Rows that explain others, each once. */
class Asides {
  readonly #lines: LineFiles;
  readonly #taken = new Set<string>();

  constructor(lines: LineFiles) {
    this.#lines = lines;
  }

  take({ row, role }: TakenAside): void {
    const key = `${role} ${pathOf(row)} ${row.index} ${uuidText(row.id)}`;
    if (this.#taken.has(key)) return;
    this.#taken.add(key);
    this.#lines.add(recordText(row, row, { role }));
  }
}
