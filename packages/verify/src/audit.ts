import {
  type CatalogEntry,
  type LedgerFault,
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
} from "@tripline/ledger/verify";
import type { Finding } from "./finding.ts";
import {
  known,
  type LedgerFiles,
  type PartitionLog,
  policyWithout,
  readCatalog,
  statedRootKeys,
} from "./ledger-files.ts";
import { PartitionLogs } from "./partition-logs.ts";
import { RecordCheck } from "./record-check.ts";
import { Runs } from "./runs.ts";
import type { Selection } from "./selection.ts";
import type { PartitionOf, RecordSource, StoredBlock, StoredRow } from "./sources.ts";
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
}

export interface AuditedRecord extends PartitionOf {
  row: StoredRow;
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
    const catalog = (await readCatalog(ledger)) ?? [];
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
    const range = await rootRangeOf(view, selection);
    summary.found.from = await timeAt(range.before);
    summary.found.to = await timeAt(range.last);
    const logs = new PartitionLogs(ledger, view, await sizesAt(view, view.head.size - 1, origins));
    const check = new RecordCheck({
      ...{ logs, source, counts: this.#counts, where: selection.where },
      ...{ each: this.#options.each === true, allowUnsealed: this.#options.allowUnsealed === true },
      now: this.#options.staleness?.now ?? null,
      onRecord: this.#options.onRecord ?? null,
    });
    const reports = new Map<string, { path: string; from: number; to: number }>();

    const leaves = stretches(view, range, { origins, anchoredLeaves: anchored?.size ?? 0 });
    for await (const { each, block } of readAhead(leaves, source)) {
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
      yield* this.#faults(await anchorFaults(log, stretch));
      for await (const finding of check.stretch(log, stretch, block)) yield* this.#found(finding);
      yield { type: "progress", share: stretch.share, leaves: this.#counts.leaves };
    }
    for await (const finding of check.rest()) yield* this.#found(finding);
    summary.found.logs = [...reports.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
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
        const { rows } = await source.read(partition, size, partition.highest + 1);
        this.#counts.not_sealed_yet += rows.length;
        const first = rows[0];
        if (first === undefined) continue;
        const what = "stored after the last checkpoint that the root log took in: not sealed yet";
        yield {
          kind: "UNANCHORED",
          log: path,
          index: first.index,
          to: first.index + rows.length,
          id: null,
          time: null,
          what,
        };
      }
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
      if (this.#said.has(`${kind} ${log} ${what}`)) continue;
      this.#said.add(`${kind} ${log} ${what}`);
      yield* this.#found({ kind, log, index: null, id: null, time: null, what, files });
    }
  }

  *#found(finding: Finding): Generator<AuditEvent> {
    if (finding.kind === "UNSEALED" && this.#options.allowUnsealed === true) return;
    this.#tally.add(finding);
    const joins = this.#options.each !== true && (finding.kind === "ERASED" || finding.kind === "UNANCHORED");
    if (!joins || finding.to !== undefined) {
      yield { type: "finding", finding };
      return;
    }
    const ended = this.#runs.add(finding);
    if (ended !== null) yield { type: "finding", finding: ended };
  }
}

type Each = { stretch: Stretch } | { shrunk: Shrunk };
type Ahead = { each: Each; block: Promise<StoredBlock> | null };

/** With what is stored there, read while what came before is compared. */
async function* readAhead(all: AsyncIterable<Each>, source: RecordSource | null): AsyncGenerator<Ahead> {
  let before: Ahead | null = null;
  for await (const each of all) {
    let block: Promise<StoredBlock> | null = null;
    if (source !== null && "stretch" in each) {
      const { origin, from, to } = each.stretch;
      const partition = partitionOf(pathOfOrigin(origin) ?? "");
      if (partition !== null && to > from) block = source.read(partition, from, to);
      block?.catch(() => undefined); // thrown when it is awaited
    }
    if (before !== null) yield before;
    before = { each, block };
  }
  if (before !== null) yield before;
}

/** What the root log said of a log is an earlier state of what the log is now. */
async function anchorFaults(
  { path, view }: PartitionLog,
  { anchors, from }: Stretch,
): Promise<LedgerFault[]> {
  if (view === null) return [];
  let good = from;
  for (const { size, root, time } of anchors) {
    try {
      if (!sameBytes(await view.reader.rootAt(size), root)) {
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
