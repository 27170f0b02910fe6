import type { StateTable } from "./state-table.ts";

/** How one owner's part of a row becomes JSON and comes back, and whether it still mattered when it has to go. */
export interface PartCodec<P> {
  encode(part: P): unknown;
  decode(json: unknown): P;
  /** @param now ms since the epoch */
  matters(part: P, now: number): boolean;
}

/** What each owner keeps of one row, by the owner's slot. */
export type Parts = unknown[];

/** Within one turn a row is looked up and noted as changed only once. */
export const NO_TURN = 0;

interface Owner {
  readonly name: string;
  readonly codec: PartCodec<unknown>;
  size: number;
  gone: boolean;
}

/**
 * Rows in which several owners keep a part each: what follows the same groups record by record needs one look-up, one
 * note of the change and one entry of a snapshot for all of them. An owner's name is part of what is stored; parts of
 * owners that are no more are left out when a row is written.
 */
export class SharedRows {
  readonly #limit: number;
  readonly #forget: () => void;
  readonly #table: StateTable<Parts>;
  readonly #owners: Owner[] = [];
  #turn = NO_TURN;
  #key = "";
  #row: Parts | undefined;

  /**
   * @param limit rows; beyond it the longest unused goes
   * @param makeTable the table of the rows, whose values this encodes
   * @param forget called for each part that goes while it still mattered
   */
  constructor(
    limit: number,
    makeTable: (codec: { encode(parts: Parts): unknown; decode(json: unknown): Parts }) => StateTable<Parts>,
    forget: () => void,
  ) {
    this.#limit = limit;
    this.#forget = forget;
    this.#table = makeTable({
      encode: (parts) => this.#encode(parts),
      decode: (json) => this.#decode(json),
    });
  }

  /** The part of rows that `name` owns; who asks again for the same name shares it. */
  part<P>(name: string, codec: PartCodec<P>): RowPart<P> {
    let slot = this.#owners.findIndex((owner) => owner.name === name && !owner.gone);
    if (slot < 0) {
      // A slot has one owner for ever, and its codec is asked for nothing but what that owner has put there.
      slot = this.#owners.push({ name, codec: codec as PartCodec<unknown>, size: 0, gone: false }) - 1;
    }
    return new RowPart<P>(this, slot);
  }

  /** Forgets all that the owner keeps. @returns whether there is such an owner */
  drop(name: string): boolean {
    const slot = this.#owners.findIndex((owner) => owner.name === name && !owner.gone);
    const owner = this.#owners[slot];
    if (owner === undefined) return false;
    this.#turn = NO_TURN;
    for (const [key, parts] of [...this.#table.entries()]) {
      if (parts[slot] === undefined) continue;
      this.#table.revise(key);
      parts[slot] = undefined;
      if (parts.every((part) => part === undefined)) this.#table.delete(key);
    }
    owner.gone = true; // and not before: a snapshot on its way still has it
    return true;
  }

  // What parts call.

  /** The row, which may be changed in this turn (NO_TURN: at once and no longer). */
  use(key: string, turn: number): Parts | undefined {
    if (turn === NO_TURN || turn !== this.#turn || key !== this.#key) {
      this.#row = this.#table.use(key);
      this.#turn = turn;
      this.#key = key;
    }
    return this.#row;
  }

  add(slot: number, part: unknown, { key, turn, now }: { key: string; turn: number; now: number }): void {
    let row = this.use(key, turn);
    if (row === undefined) {
      row = this.#owners.map(() => undefined);
      this.#table.set(key, row);
      this.#row = row;
      if (this.#table.size > this.#limit) this.#makeRoom(now);
    }
    const owner = this.#owners[slot];
    if (row[slot] === undefined && owner !== undefined) owner.size += 1;
    row[slot] = part;
  }

  *partsOf(slot: number): IterableIterator<unknown> {
    for (const [, parts] of this.#table.entries()) if (parts[slot] !== undefined) yield parts[slot];
  }

  sizeOf(slot: number): number {
    return this.#owners[slot]?.size ?? 0;
  }

  #makeRoom(now: number): void {
    const oldest = this.#table.oldest();
    if (oldest === undefined) return;
    const [key, parts] = oldest;
    this.#table.delete(key);
    for (const [slot, owner] of this.#owners.entries()) {
      const part = parts[slot];
      if (part === undefined) continue;
      owner.size -= 1;
      if (owner.codec.matters(part, now)) this.#forget();
    }
  }

  #encode(parts: Parts): unknown {
    const json: Record<string, unknown> = {};
    for (const [slot, { name, codec, gone }] of this.#owners.entries()) {
      const part = parts[slot];
      if (part !== undefined && !gone) json[name] = codec.encode(part);
    }
    return json;
  }

  #decode(json: unknown): Parts {
    const stored = new Map(Object.entries(Object(json)));
    return this.#owners.map((owner) => {
      const part = stored.get(owner.name);
      if (part === undefined || owner.gone) return undefined;
      owner.size += 1;
      return owner.codec.decode(part);
    });
  }
}

/** One owner's part of shared rows. */
export class RowPart<P> {
  readonly #rows: SharedRows;
  readonly #slot: number;

  /** Made by `SharedRows.part`. */
  constructor(rows: SharedRows, slot: number) {
    this.#rows = rows;
    this.#slot = slot;
  }

  get size(): number {
    return this.#rows.sizeOf(this.#slot);
  }

  /** The part, which may be changed in this turn. */
  use(key: string, turn: number): P | undefined {
    return this.#rows.use(key, turn)?.[this.#slot] as P | undefined; // the slot holds what `add` put there
  }

  /** @param at `now`: ms since the epoch, for what has to make room */
  add(part: P, at: { key: string; turn: number; now: number }): void {
    this.#rows.add(this.#slot, part, at);
  }

  /** In the order of use of the rows, only to be looked at. */
  values(): IterableIterator<P> {
    return this.#rows.partsOf(this.#slot) as IterableIterator<P>; // as in `use`
  }
}
