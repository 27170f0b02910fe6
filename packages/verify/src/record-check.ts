import type { Envelope } from "@tripline/events/sealed";
import {
  type Anchor,
  RECORD_ENTRY_BYTES,
  type ReadEntry,
  readEntry,
  type Stretch,
  TILE_WIDTH,
} from "@tripline/ledger/verify";
import { checkPositions, isEntryOf, type OddPosition, payloadState, readersOf } from "./block-check.ts";
import { hexOf, timeOfId, uuidText } from "./bytes.ts";
import { SealedErasures } from "./erased.ts";
import type { Finding } from "./finding.ts";
import { sha256Hex } from "./hash.ts";
import { known, type PartitionLog } from "./ledger-files.ts";
import { aboutRow, Misplaced } from "./misplaced.ts";
import type { PartitionLogs } from "./partition-logs.ts";
import { matcherOf, type Where } from "./selection.ts";
import {
  type PartitionOf,
  partitionOf,
  type RecordSource,
  type StoredBlock,
  type StoredLetter,
  type StoredPayload,
  type StoredRow,
} from "./sources.ts";
import type { Counts } from "./summary.ts";
import { turn } from "./turn.ts";

const MAX_MISPLACED = 50_000; // some 20 MB; then what has been gathered is told apart by itself
const BUNDLES_OF_A_TURN = 8; // some two thousand records, or ten milliseconds
const LETTER_LAG_MS = 10 * 60_000; // a dead letter goes by way of its topic, and is stored after its position is sealed
const LETTER_DAYS_MS = 399 * 24 * 3600_000; // dead letters are kept for 400 days

export interface RecordCheckOptions {
  logs: PartitionLogs;
  source: RecordSource | null;
  counts: Counts;
  where: Where | undefined;
  each: boolean;
  allowUnsealed: boolean;
  now: number | null;
  onRecord: ((record: PartitionOf & { row: StoredRow; anchor: Anchor }) => void | Promise<void>) | null;
}

interface Place {
  path: string;
  partition: PartitionOf;
  isAnchored: boolean;
  /** When the root log took it in; ms since the epoch. */
  sealed: number;
  anchors: readonly Anchor[];
}

/** Compares what is stored with the leaves, stretch after stretch. */
export class RecordCheck {
  readonly #options: RecordCheckOptions;
  readonly #misplaced = new Misplaced();
  readonly #matches: ((envelope: Uint8Array) => boolean) | null;
  #erasures: Promise<SealedErasures> | null = null;

  constructor(options: RecordCheckOptions) {
    this.#options = options;
    this.#matches = matcherOf(options.where);
  }

  async *stretch(
    { path, view }: PartitionLog,
    { from, to, isAnchored, anchors }: Stretch,
    reading: Promise<StoredBlock> | null,
  ): AsyncGenerator<Finding> {
    const { counts } = this.#options;
    const partition = partitionOf(path);
    counts.leaves += to - from;
    if (view === null || partition === null) {
      counts.unverifiable += to - from;
      return;
    }
    const sealed = Date.parse(anchors.at(-1)?.time ?? "");
    const place: Place = { path, partition, isAnchored, sealed, anchors };
    const block = reading === null ? null : await reading;
    const readers = block === null ? null : readersOf(block);
    const letters =
      block === null ? new Map() : new Map(block.letters.map((letter) => [letter.index, letter]));
    for (let start = from; start < to; ) {
      const bundle = Math.floor(start / TILE_WIDTH);
      const end = Math.min(to, (bundle + 1) * TILE_WIDTH);
      let entries: readonly Uint8Array[];
      try {
        entries = (await view.entries(bundle)).slice(start - bundle * TILE_WIDTH, end - bundle * TILE_WIDTH);
      } catch (error) {
        counts.unverifiable += end - start;
        yield faultFinding(known(error, path), start, end);
        start = end;
        continue;
      }
      if (readers === null) yield* this.#leavesAlone(entries, start, path);
      else {
        const whole: StoredRow[] = [];
        const wants = this.#matches !== null || this.#options.onRecord !== null || !isAnchored;
        const { valid, odd } = checkPositions(
          entries,
          start,
          readers,
          wants ? (row) => whole.push(row) : null,
        );
        counts.valid += valid;
        if (!wants) counts.selected += valid;
        for (const row of whole) yield* this.#good(row, place);
        if (odd.length > 0) yield* this.#odd(odd, letters, place);
      }
      start = end;
      if (bundle % BUNDLES_OF_A_TURN === 0) await turn();
    }
    if (this.#misplaced.size > MAX_MISPLACED) yield* this.rest();
  }

  /** What can only be told when all has been seen. */
  async *rest(): AsyncGenerator<Finding> {
    const { source, counts, logs } = this.#options;
    if (source === null || this.#misplaced.size === 0) return;
    const erasures = await this.#sealedErasures();
    const { findings, repeated } = await this.#misplaced.resolve({
      byId: (ids) => source.byId(ids),
      isSealed: (row) => logs.isSealed(row),
      mayRepeatRemoved: (made, sealedMs) => erasures.mayRepeatRemoved(made, sealedMs),
    });
    counts.repeated += repeated;
    // A row too much stands at a position that is counted by its own leaf.
    counts.failed += findings.filter(({ kind }) => kind !== "INSERTED").length;
    yield* findings;
  }

  /** A record as it was sealed: counted already. */
  async *#good(row: StoredRow, { path, partition, isAnchored, anchors }: Place): AsyncGenerator<Finding> {
    const { counts, onRecord } = this.#options;
    if (this.#matches !== null && !this.#matches(row.envelope)) return;
    counts.selected += 1;
    const anchor = onRecord === null ? undefined : anchors.find(({ size }) => size > row.index);
    if (anchor !== undefined) await onRecord?.({ ...partition, row, anchor });
    if (isAnchored) return;
    counts.unanchored += 1;
    const what = "sealed, and newer than the last checkpoint that the policy takes";
    yield { kind: "UNANCHORED", log: path, index: row.index, ...aboutRow(row), what };
  }

  async *#odd(
    quick: readonly OddPosition[],
    letters: ReadonlyMap<number, StoredLetter>,
    place: Place,
  ): AsyncGenerator<Finding> {
    for (const odd of await this.#reread(quick, place)) {
      const entry = read(odd.entry);
      if (entry === null) {
        this.#options.counts.failed += 1;
        yield {
          ...{ kind: "TILES_MODIFIED", log: place.path, index: odd.index, id: null, time: null },
          what: "its entry is not one that Tripline writes",
        };
      } else if (entry.kind === "record") yield* this.#record(odd, entry.id, place);
      else yield* this.#noRecord(odd, entry, letters.get(odd.index), place);
    }
  }

  /** The quick way may be wrong in rare characters: what it finds is looked at again in the exact one. */
  async #reread(quick: readonly OddPosition[], { partition }: Place): Promise<OddPosition[]> {
    const { source } = this.#options;
    const [first, last] = [quick[0]?.index, quick.at(-1)?.index];
    const isStored = quick.some(({ rows, payloads }) => rows.length > 0 || payloads.length > 0);
    if (source === null || first === undefined || last === undefined || !isStored) return [...quick];
    const { rows, payloads } = readersOf(await source.exact(partition, first, last + 1));
    return quick.map((odd) => ({ ...odd, rows: rows.all(odd.index), payloads: payloads.all(odd.index) }));
  }

  async *#record(
    { index, entry, rows, payloads }: OddPosition,
    id: string,
    place: Place,
  ): AsyncGenerator<Finding> {
    const { path } = place;
    const { counts } = this.#options;
    const fitAt = rows.findIndex((row) => isEntryOf(entry, row));
    const fit = rows[fitAt];
    const others = rows.filter((_, at) => at !== fitAt);
    if (fit !== undefined) {
      for (const row of others) {
        const what = "a second row at this position: one of them was put in";
        yield { kind: "INSERTED", log: path, index, ...aboutRow(row), what };
      }
      yield* this.#payload(fit, payloads, place, others.length > 0);
      return;
    }
    const changed = others.find((row) => uuidText(row.id) === id);
    for (const row of others) if (row !== changed) this.#misplaced.stranger(path, row);
    const removing = rows.length === 0 && payloads.length === 0 ? await this.#removing(index, place) : null;
    if (removing !== null) {
      counts.expired += 1;
      const what = `its envelope was removed under the sealed record ${removing.id} (${removing.type}, ${removing.time})`;
      yield { kind: "EXPIRED", log: path, index, id, time: timeOfId(id), what };
    } else if (changed === undefined) this.#misplaced.orphan(path, index, entry, sealedAt(place, index));
    else {
      counts.failed += 1;
      const { time } = aboutRow(changed);
      const tenant = aboutRow(changed).tenant;
      const what = `its envelope is not the one that was sealed: SHA-256 ${sha256Hex(changed.envelope)}, and not ${hexOf(entry.subarray(RECORD_ENTRY_BYTES - 32))}`;
      yield {
        kind: "MODIFIED",
        log: path,
        index,
        id,
        time,
        ...(tenant === undefined ? {} : { tenant }),
        what,
      };
    }
    if (rows.length === 0 && payloads.length > 0) {
      const what = "a payload at a position that has no record's row";
      yield { kind: "INSERTED", log: path, index, id: payloadId(payloads), time: null, what };
    }
  }

  async *#payload(
    row: StoredRow,
    payloads: readonly StoredPayload[],
    place: Place,
    isDoubled: boolean,
  ): AsyncGenerator<Finding> {
    const { counts } = this.#options;
    const state = payloadState(row, payloads);
    const about = () => ({ log: place.path, index: row.index, ...aboutRow(row) });
    const isAsked = this.#matches === null || this.#matches(row.envelope);
    const covering = state === "gone" ? (await this.#sealedErasures()).covering(row.envelope) : null;
    if (state === null || covering !== null) {
      if (isDoubled) counts.failed += 1;
      else if (covering === null) counts.valid += 1;
      else counts.erased += 1;
      if (!isDoubled) yield* this.#good(row, place);
      if (covering !== null && isAsked) {
        const what = `its payload was erased under the sealed record ${covering.id} (${covering.type}, ${covering.time})`;
        yield { kind: "ERASED", ...about(), what };
      }
      return;
    }
    counts.failed += 1;
    if (!isAsked) return;
    if (state === "gone")
      yield {
        kind: "PAYLOAD_MISSING",
        ...about(),
        what: "its payload is gone, and no sealed record covers that",
      };
    else if (state === "modified" || state === "misfiled") {
      const what =
        state === "modified"
          ? "its payload is not the one that its envelope names"
          : "its payload is filed under another record";
      yield { kind: "MODIFIED", ...about(), what };
    } else {
      const what =
        state === "doubled" ? "a second payload at this position" : "it had no payload, and one is stored";
      yield { kind: "INSERTED", ...about(), what };
    }
  }

  /** The sealed record under which this leaf's envelope was removed; null where none says so. */
  async #removing(index: number, place: Place): Promise<Envelope | null> {
    const erasures = await this.#sealedErasures();
    return erasures.removesAny ? erasures.removing(place.path, index, sealedAt(place, index)) : null;
  }

  async *#noRecord(
    { index, rows, payloads }: OddPosition,
    entry: Exclude<ReadEntry, { kind: "record" }>,
    letter: StoredLetter | undefined,
    { path, sealed }: Place,
  ): AsyncGenerator<Finding> {
    const { counts, allowUnsealed, now } = this.#options;
    if (entry.kind === "lost") {
      counts.lost += 1;
      const what = "the ledger lost this position before it could be sealed: nothing proves this row";
      if (!allowUnsealed)
        for (const row of rows) yield { kind: "UNSEALED", log: path, index, ...aboutRow(row), what };
      return;
    }
    for (const row of rows) this.#misplaced.stranger(path, row);
    if (rows.length === 0 && payloads.length > 0) {
      const what = "a payload at a position that held no record";
      yield { kind: "INSERTED", log: path, index, id: payloadId(payloads), time: null, what };
    }
    if (letter?.bytes != null && sha256Hex(letter.bytes) !== hexOf(entry.hash)) {
      counts.failed += 1;
      const what = "the dead letter of this position does not hold the bytes that were sealed";
      yield { kind: "MODIFIED", log: path, index, id: null, time: null, what };
      return;
    }
    const age = now === null ? 0 : now - sealed;
    if (letter === undefined && age > LETTER_LAG_MS && age < LETTER_DAYS_MS) {
      counts.failed += 1;
      const what = "it held no record, and its dead letter is gone";
      yield { kind: "MISSING", log: path, index, id: null, time: null, what };
      return;
    }
    counts.unreadable += 1;
  }

  /** Tiles alone: what the leaves say of themselves. */
  async *#leavesAlone(entries: readonly Uint8Array[], first: number, path: string): AsyncGenerator<Finding> {
    const { counts } = this.#options;
    for (const [at, bytes] of entries.entries()) {
      const entry = read(bytes);
      if (entry?.kind === "record") counts.valid += 1;
      else if (entry?.kind === "unreadable") counts.unreadable += 1;
      else if (entry?.kind === "lost") counts.lost += 1;
      else {
        counts.failed += 1;
        const what = "its entry is not one that Tripline writes";
        yield { kind: "TILES_MODIFIED", log: path, index: first + at, id: null, time: null, what };
      }
    }
  }

  #sealedErasures(): Promise<SealedErasures> {
    const { source, logs } = this.#options;
    this.#erasures ??= (async () =>
      SealedErasures.of((await source?.erasures()) ?? [], (row) => logs.isSealed(row)))();
    return this.#erasures;
  }
}

/** When the root log took this leaf in; ms since the epoch, NaN where none of these anchors covers it. */
function sealedAt({ anchors }: Place, index: number): number {
  let low = 0;
  let high = anchors.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((anchors[middle]?.size ?? 0) > index) high = middle;
    else low = middle + 1;
  }
  return Date.parse(anchors[low]?.time ?? "");
}

function read(entry: Uint8Array): ReadEntry | null {
  try {
    return readEntry(entry);
  } catch (error) {
    known(error, "");
    return null;
  }
}

function payloadId(payloads: readonly StoredPayload[]): string | null {
  const [payload] = payloads;
  return payload === undefined ? null : uuidText(payload.recordId);
}

function faultFinding(
  { kind, log, what, files }: ReturnType<typeof known>,
  from: number,
  to: number,
): Finding {
  return { kind, log, index: from, to, id: null, time: null, what, files };
}
