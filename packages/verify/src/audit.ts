import {
  type Anchor,
  anchorOf,
  anchorsIn,
  CATALOG_PATH,
  type CatalogEntry,
  type LedgerFault,
  type LogView,
  type OpenedRoot,
  openRoot,
  type Policy,
  pathOfOrigin,
  quorumInWords,
  ROOT_PATH,
  type RootRange,
  readRootEntry,
  rootRangeOf,
  type Shrunk,
  type Stretch,
  sameBytes,
  sizesAt,
  stretches,
  TILE_WIDTH,
} from "@tripline/ledger/verify";
import { type Finding, NOTES } from "./finding.ts";
import {
  known,
  type LedgerFiles,
  type PartitionLog,
  policyWithout,
  readCatalog,
  statedRootKeys,
} from "./ledger-files.ts";
import { aboutRow } from "./misplaced.ts";
import { PartitionLogs } from "./partition-logs.ts";
import { RecordCheck } from "./record-check.ts";
import { Runs } from "./runs.ts";
import type { Selection } from "./selection.ts";
import type { PartitionOf, PlacedRow, RecordSource, StoredBlock, StoredRow, StrayRange } from "./sources.ts";
import { partitionOf, pathOf } from "./sources.ts";
import { type Counts, NO_COUNTS, reportOf, type Summary, Tally } from "./summary.ts";

export interface AuditOptions {
  ledger: LedgerFiles;
  /** Null: the ledger's own files alone. */
  source: RecordSource | null;
  /** Null: the ledger's own keys, and no witness. */
  policy: Policy | null;
  /** Root checkpoints that were kept from before. */
  kept?: readonly { name: string; note: Uint8Array }[];
  selection: Selection;
  /** Lists each erased and each unanchored record, not runs of them. */
  each?: boolean;
  /** Rows at positions that were lost before they could be sealed, or of a partition that has no log, are no failure. */
  allowUnsealed?: boolean;
  /** ms since the epoch, and how long a record may be without a checkpoint that the policy takes; absent: for ever. */
  staleness?: { now: number; allowedMs: number };
  /** Told of each record that is asked about and as it was sealed. */
  onRecord?: (record: AuditedRecord) => void | Promise<void>;
  /** Only these, and nothing between them; `selection` then only says what was asked. */
  listed?: readonly ListedRecord[];
  /** Leaves of the root log that name the logs' sizes: before the range, and last. Without them the root log is searched. */
  hints?: { before: readonly LeafHint[]; last: readonly LeafHint[] };
}

export interface LeafHint {
  origin: string;
  leaf: number;
}

export interface AuditedRecord extends PartitionOf {
  row: StoredRow;
  /** The first checkpoint of its log in the root log that covers it. */
  anchor: Anchor;
}

export interface ListedRecord extends PartitionOf {
  index: number;
  /** Of the root log: its checkpoint of the partition's log covers the record. */
  leaf: number;
}

export type AuditEvent =
  | { type: "finding"; finding: Finding }
  | { type: "progress"; share: number; leaves: number }
  | { type: "summary"; summary: Summary };

/**
 * Verifies stored records against the ledger: findings as they are found, progress in between, a summary at the end.
 * @throws what ledger and source throw when they can't be reached, and LedgerError for a policy that names another log
 */
export async function* audit(options: AuditOptions): AsyncGenerator<AuditEvent> {
  const run = new Audit(options);
  yield* run.all();
}

class Audit {
  readonly #options: AuditOptions;
  readonly #tally = new Tally();
  readonly #counts: Counts = { ...NO_COUNTS };
  readonly #runs = new Runs();
  readonly #said = new Set<string>();

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  async *all(): AsyncGenerator<AuditEvent> {
    const { ledger, selection } = this.#options;
    let catalog: readonly CatalogEntry[] = [];
    try {
      catalog = (await readCatalog(ledger)) ?? [];
    } catch (error) {
      yield* this.#faults([{ ...known(error, ""), files: [CATALOG_PATH] }]);
    }
    const stated = statedRootKeys(catalog);
    const policy = this.#options.policy ?? policyWithout(stated);
    const logs = policy.logs.length > 0 ? policy.logs : stated;
    const { root, faults } = await openRoot({
      storage: ledger.of(ROOT_PATH),
      policy,
      logs,
      ...(this.#options.kept === undefined ? {} : { kept: this.#options.kept }),
    });
    yield* this.#faults(faults);
    const summary: Summary = {
      state: "failed",
      asked: selection,
      found: { from: null, to: null, logs: [] },
      policy: {
        quorum: quorumInWords(policy),
        keys: this.#options.policy === null || policy.logs.length === 0 ? "ledger" : "policy",
      },
      signed: null,
      anchored: null,
      counts: this.#counts,
      findings: this.#tally.findings,
    };
    if (root !== null) {
      try {
        yield* this.#walk(root, catalog, summary);
      } catch (error) {
        yield* this.#faults([known(error, ROOT_PATH)]);
      }
    }
    for (const finding of this.#runs.end()) yield { type: "finding", finding };
    const nothing = this.#counts.leaves === 0 && this.#counts.not_sealed_yet === 0;
    summary.state = this.#tally.failed ? "failed" : nothing ? "nothing" : "verified";
    yield { type: "summary", summary };
  }

  async *#walk(
    { view, anchored }: OpenedRoot,
    catalog: readonly CatalogEntry[],
    summary: Summary,
  ): AsyncGenerator<AuditEvent> {
    const { selection, source, ledger } = this.#options;
    const timeAt = async (leaf: number): Promise<string | null> =>
      leaf < 0 || leaf >= view.head.size ? null : readRootEntry(await view.entry(leaf)).time;
    summary.signed = reportOf(view.head, await timeAt(view.head.size - 1));
    summary.anchored = anchored === null ? null : reportOf(anchored, await timeAt(anchored.size - 1));

    const origins = [...new Set(catalog.map(({ origin }) => origin))].filter(
      (origin) => pathOfOrigin(origin) !== null,
    );
    const { hints, listed } = this.#options;
    const end = view.head.size - 1;
    const last =
      hints === undefined ? await sizesAt(view, end, origins) : await anchorsIn(view, end, hints.last);
    const logs = new PartitionLogs(ledger, view, last);
    const check = new RecordCheck({
      ...{ logs, source, counts: this.#counts, where: selection.where },
      ...{ each: this.#options.each === true, allowUnsealed: this.#options.allowUnsealed === true },
      now: this.#options.staleness?.now ?? null,
      onRecord: this.#options.onRecord ?? null,
    });
    const anchoredLeaves = anchored?.size ?? 0;
    if (listed !== undefined) {
      for await (const finding of this.#listed(listed, { view, logs, check, anchoredLeaves }))
        yield* this.#found(finding);
      for await (const finding of check.rest()) yield* this.#found(finding);
      return;
    }
    const range = await rootRangeOf(view, selection);
    summary.found.from = await timeAt(range.before);
    summary.found.to = await timeAt(range.last);
    const begun =
      hints === undefined
        ? await sizesAt(view, range.before, origins)
        : await anchorsIn(view, range.before, hints.before);
    const reports = new Map<string, { path: string; from: number; to: number }>();

    const leaves = stretches(view, range, { begun, anchoredLeaves });
    for await (const { each, block, isFirst } of readAhead(leaves, source)) {
      if ("shrunk" in each) {
        const { anchor, before } = each.shrunk;
        const path = pathOfOrigin(anchor.origin) ?? anchor.origin;
        const what = `at ${anchor.time} the root log took in ${anchor.size} leaves, after ${before}`;
        yield* this.#faults([{ kind: "ROLLED_BACK", log: path, what, files: [] }]);
        continue;
      }
      const { stretch } = each;
      const log = await logs.of(stretch.origin);
      yield* this.#faults(log.faults);
      const report = reports.get(log.path) ?? { path: log.path, from: stretch.from, to: stretch.to };
      report.to = Math.max(report.to, stretch.to);
      reports.set(log.path, report);
      if (isFirst) yield* this.#faults(await anchorFaults(log, stretch));
      for await (const finding of check.stretch(log, stretch, block)) yield* this.#found(finding);
      yield { type: "progress", share: stretch.share, leaves: this.#counts.leaves };
    }
    for await (const finding of check.rest()) yield* this.#found(finding);
    summary.found.logs = [...reports.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    if (source?.strays !== undefined && (selection.from !== undefined || selection.to !== undefined)) {
      for await (const finding of this.#strays(
        (of) => source.strays?.(of) ?? Promise.resolve([]),
        logs,
        summary,
      ))
        yield* this.#found(finding);
    }
    if (selection.to === undefined && source !== null) {
      for await (const finding of this.#beyond(source, logs, range)) yield* this.#found(finding);
    }
    yield* this.#stale(summary);
  }

  /** Rows that no leaf is there for: newer than the ledger, or of a partition that has no log. */
  async *#beyond(source: RecordSource, logs: PartitionLogs, range: RootRange): AsyncGenerator<Finding> {
    const { where } = this.#options.selection;
    if (where !== undefined && Object.keys(where).length > 0) return;
    for (const partition of await source.partitions()) {
      const path = pathOf(partition);
      const size = logs.sizeAt(path);
      if (size === null) {
        const what = "rows of a partition that has no log in this ledger: nothing proves them";
        const about = { log: path, index: 0, to: partition.rows, id: null, time: null, what };
        if (range.before < 0) yield { kind: "UNSEALED", ...about };
      } else if (partition.highest >= size) {
        this.#counts.not_sealed_yet += partition.highest + 1 - size;
        const what = "stored after the last checkpoint that the root log took in: not sealed yet";
        const about = { log: path, index: size, to: partition.highest + 1, id: null, time: null, what };
        yield { kind: "UNANCHORED", ...about };
      }
    }
  }

  /**
   * A row that says it is of this time and stands at a position of another: a late one is what its own leaf says, and one that was put in
   * where nobody looks is not.
   */
  async *#strays(
    read: (range: StrayRange) => Promise<PlacedRow[]>,
    logs: PartitionLogs,
    { found }: Summary,
  ): AsyncGenerator<Finding> {
    const { from = null, to = null } = this.#options.selection;
    const besides = found.logs.flatMap((log) => {
      const of = partitionOf(log.path);
      return of === null ? [] : [{ ...of, from: log.from, to: log.to }];
    });
    for (let skip = 0; ; ) {
      const rows = await read({ since: from, until: to, besides, skip });
      if (rows.length === 0) return;
      skip += rows.length;
      for (const row of rows) {
        const path = pathOf(row);
        const size = logs.sizeAt(path);
        if ((size !== null && row.index >= size) || (await logs.isSealed(row))) continue;
        const kind = size === null ? ("UNSEALED" as const) : ("INSERTED" as const);
        const what = "it says that it is of this time, and is not what was sealed at its position";
        yield { kind, log: path, index: row.index, ...aboutRow(row), what };
      }
    }
  }

  /** Single records, each under the root log's leaf that is said to cover it. */
  async *#listed(
    listed: readonly ListedRecord[],
    {
      view,
      logs,
      check,
      anchoredLeaves,
    }: { view: LogView; logs: PartitionLogs; check: RecordCheck; anchoredLeaves: number },
  ): AsyncGenerator<Finding> {
    for (const { index, leaf, ...partition } of listed) {
      const path = pathOf(partition);
      const anchor = await anchorAt(view, leaf, path);
      if (anchor === null || anchor.size <= index) {
        this.#counts.leaves += 1;
        this.#counts.failed += 1;
        const what = `leaf ${leaf} of the root log does not cover this position`;
        yield { kind: "UNSEALED", log: path, index, id: null, time: null, what };
        continue;
      }
      const { origin } = anchor;
      logs.atLeast(anchor);
      const log = await logs.of(origin);
      const stretch = { origin, from: index, to: index + 1, isAnchored: leaf < anchoredLeaves, share: 1 };
      const faults = [...log.faults, ...(await anchorFaults(log, { ...stretch, anchors: [anchor] }))];
      for (const { kind, what, files } of faults)
        if (this.#isNew(kind, path, what))
          yield { kind, log: path, index: null, id: null, time: null, what, files };
      const block = this.#options.source?.read(partition, index, index + 1) ?? null;
      yield* check.stretch(log, { ...stretch, anchors: [anchor] }, block);
    }
  }

  async *#stale(summary: Summary): AsyncGenerator<AuditEvent> {
    const { staleness } = this.#options;
    const { unanchored, not_sealed_yet } = this.#counts;
    const waiting = unanchored + not_sealed_yet;
    if (staleness === undefined || waiting === 0) return;
    const since = summary.anchored?.time ?? null;
    if (since !== null && staleness.now - Date.parse(since) <= staleness.allowedMs) return;
    const what =
      since === null
        ? `no checkpoint has the quorum that the policy asks for (${summary.policy.quorum}), and ${waiting} records wait for one`
        : `the last checkpoint that the policy takes is of ${since}, and ${waiting} records have waited for one since`;
    yield* this.#found({ kind: "STALE", log: ROOT_PATH, index: null, id: null, time: since, what });
  }

  *#faults(faults: readonly LedgerFault[]): Generator<AuditEvent> {
    for (const { kind, log, what, files } of faults) {
      if (!this.#isNew(kind, log, what)) continue;
      yield* this.#found({ kind, log, index: null, id: null, time: null, what, files });
    }
  }

  #isNew(kind: string, log: string, what: string): boolean {
    const said = `${kind} ${log} ${what}`;
    if (this.#said.has(said)) return false;
    this.#said.add(said);
    return true;
  }

  *#found(finding: Finding): Generator<AuditEvent> {
    if (finding.kind === "UNSEALED" && this.#options.allowUnsealed === true) return;
    this.#tally.add(finding);
    const joins = this.#options.each !== true && NOTES.some((note) => note === finding.kind);
    if (!joins || finding.to !== undefined) {
      yield { type: "finding", finding };
      return;
    }
    const ended = this.#runs.add(finding);
    if (ended !== null) yield { type: "finding", finding: ended };
  }
}

type Each = { stretch: Stretch } | { shrunk: Shrunk };
type Ahead = { each: Each; block: Promise<StoredBlock> | null; isFirst: boolean };

/** With what is stored there, in pieces as the source wants them, read while what came before is compared. */
async function* readAhead(all: AsyncIterable<Each>, source: RecordSource | null): AsyncGenerator<Ahead> {
  let before: Ahead | null = null;
  for await (const each of all) {
    for (const ahead of piecesOf(each, source)) {
      if (before !== null) yield before;
      before = ahead;
    }
  }
  if (before !== null) yield before;
}

function* piecesOf(each: Each, source: RecordSource | null): Generator<Ahead> {
  const partition = "stretch" in each ? partitionOf(pathOfOrigin(each.stretch.origin) ?? "") : null;
  if (
    !("stretch" in each) ||
    source === null ||
    partition === null ||
    each.stretch.to === each.stretch.from
  ) {
    yield { each, block: null, isFirst: true };
    return;
  }
  const { stretch } = each;
  for (let from = stretch.from; from < stretch.to; ) {
    const to = Math.min(stretch.to, pieceEnd(from, source.most ?? stretch.to - from));
    const block = source.read(partition, from, to);
    block.catch(() => undefined); // thrown when it is awaited
    yield { each: { stretch: { ...stretch, from, to } }, block, isFirst: from === stretch.from };
    from = to;
  }
}

/** Behind so many positions, where a bundle of entries ends if one does: none is then read twice. */
function pieceEnd(from: number, most: number): number {
  const end = Math.floor((from + most) / TILE_WIDTH) * TILE_WIDTH;
  return end > from ? end : from + Math.max(1, most);
}

/** What a leaf of the root log says of the log at `path`. */
async function anchorAt(view: LogView, leaf: number, path: string): Promise<Anchor | null> {
  if (leaf < 0 || leaf >= view.head.size) return null;
  const entry = { index: leaf, ...readRootEntry(await view.entry(leaf)) };
  const checkpoint = entry.checkpoints.find(({ origin }) => pathOfOrigin(origin) === path);
  return checkpoint === undefined ? null : anchorOf(checkpoint, entry);
}

/** What the root log said of a log is an earlier state of what the log is now. */
async function anchorFaults(
  { path, roots }: PartitionLog,
  { anchors, from }: Stretch,
): Promise<LedgerFault[]> {
  if (roots === null) return [];
  let good = from;
  for (const { size, root, time } of anchors) {
    try {
      if (!sameBytes(await roots.at(size), root)) {
        const what = `at ${time} the root log took in another tree of ${size} leaves: history was rewritten, in positions below ${size}${good > 0 ? `, and what it took in of ${good} fits` : ""}`;
        return [{ kind: "FORKED", log: path, what, files: [] }];
      }
    } catch (error) {
      return [known(error, path)];
    }
    good = size;
  }
  return [];
}
