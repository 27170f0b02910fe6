/** Where stored records come from: a database, or an evidence bundle. Nothing it says is believed. */

export interface PartitionOf {
  generation: string;
  partition: number;
}

/** A record's row. */
export interface StoredRow {
  /** Its position, which is the index of its leaf. */
  index: number;
  /** 16 bytes, as stored beside the envelope. */
  id: Uint8Array;
  /** The envelope's exact bytes. */
  envelope: Uint8Array;
}

export interface PlacedRow extends StoredRow, PartitionOf {}

export interface StoredPayload {
  index: number;
  /** 16 bytes: the record it is filed under. */
  recordId: Uint8Array;
  /** The exact bytes; null where what is stored makes none any more. */
  bytes: Uint8Array | null;
}

/** A dead letter: what stood at a position and was no record. */
export interface StoredLetter {
  index: number;
  /** Null where they have expired, or were cut. */
  bytes: Uint8Array | null;
}

/** What is stored at some positions; each list ascends by index. */
export interface StoredBlock {
  rows: readonly StoredRow[];
  payloads: readonly StoredPayload[];
  letters: readonly StoredLetter[];
}

export interface PartitionRows extends PartitionOf {
  rows: number;
  highest: number;
}

export interface StrayRange {
  since: string | null;
  until: string | null;
  besides: readonly (PartitionOf & { from: number; to: number })[];
  skip: number;
}

export interface RecordSource {
  /** How many positions it is asked for at once, by what the last answers weighed; absent: any number. */
  readonly most?: number;
  /** From `from` up to, and without, `to`. */
  read(of: PartitionOf, from: number, to: number): Promise<StoredBlock>;
  /** The same, slowly, as they are read everywhere else: what does not fit is looked at again so. */
  exact(of: PartitionOf, from: number, to: number): Promise<StoredBlock>;
  /** Every row of these ids, wherever. */
  byId(ids: readonly string[]): Promise<PlacedRow[]>;
  /**
   * Rows that say they happened within a time, at positions other than these; some, behind the first `skip` of them. Absent: there can
   * be none.
   */
  strays?(range: StrayRange): Promise<PlacedRow[]>;
  /** Every record of the types `erasure` and `retention`. */
  erasures(): Promise<PlacedRow[]>;
  /** How many rows each partition has. */
  partitions(): Promise<PartitionRows[]>;
}

export function pathOf({ generation, partition }: PartitionOf): string {
  return `events/${generation}/${partition}`;
}

/** Null for a path of another log. */
export function partitionOf(path: string): PartitionOf | null {
  const [, generation, partition] = /^events\/([A-Za-z0-9._-]+)\/(\d{1,9})$/.exec(path) ?? [];
  return generation === undefined ? null : { generation, partition: Number(partition) };
}
