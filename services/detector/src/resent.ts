import type { StateTable, StateTables } from "@tripline/detection";
import type { TriplineRecord } from "@tripline/events";
import { z } from "zod";

const MAX_BOOTS = 10_000; // producers' runs that are remembered; the longest silent goes
const BLOCK_IDS = 250; // what changes is written anew in blocks of this size
const MAX_BLOCKS_OF_BOOT = 40; // 10,000 ids: more than two batches of what a producer can send again at once
const MAX_BLOCKS = 16_000; // of all boots: four million ids, 32 MB

const blockState = z.object({ boot: z.string(), number: z.number(), highest: z.number(), ids: z.string() });

/** Some ids of a boot, in the order in which they came; `highest` seq when the last of them did. */
interface Block {
  boot: string;
  number: number;
  highest: number;
  ids: number[];
}

interface Boot {
  highest: number;
  /** Oldest first; the last one is added to. */
  blocks: Block[];
}

/**
 * Recognises what a producer sent twice: at or below the highest seq of its boot, and known. What is at or below it but
 * unknown came late and is judged.
 */
export class ResentFilter {
  readonly #tables: StateTables;
  readonly #saved: StateTable<Block>;
  /** The longest silent first. */
  readonly #boots = new Map<string, Boot>();
  #newest = "";

  constructor(tables: StateTables) {
    this.#tables = tables;
    this.#saved = tables.table<Block>("resent", {
      encode: ({ ids, ...block }) => ({ ...block, ids: packed(ids) }),
      decode: (json) => {
        const { ids, ...block } = blockState.parse(json);
        return { ...block, ids: unpacked(ids) };
      },
    });
  }

  isResent({ envelope }: TriplineRecord): boolean {
    const { id, boot: bootId, seq } = envelope.producer;
    const key = `${envelope.tenant} ${id} ${bootId}`;
    const recordId = numberOf(envelope.id);
    const known = this.#boots.get(key);
    if (known !== undefined && seq <= known.highest && known.blocks.some(({ ids }) => ids.includes(recordId)))
      return true;
    const boot = known ?? { highest: -1, blocks: [] };
    boot.highest = Math.max(boot.highest, seq);
    this.#add(key, boot, recordId);
    if (key !== this.#newest) {
      this.#boots.delete(key);
      this.#boots.set(key, boot);
      this.#newest = key;
    }
    if (this.#boots.size > MAX_BOOTS || this.#saved.size > MAX_BLOCKS) this.#forgetBoot();
    return false;
  }

  /** The table was loaded. */
  loaded(): void {
    this.#boots.clear();
    for (const [, block] of this.#saved.entries()) {
      const boot = this.#boots.get(block.boot) ?? { highest: -1, blocks: [] };
      boot.highest = Math.max(boot.highest, block.highest);
      boot.blocks.push(block);
      this.#boots.delete(block.boot);
      this.#boots.set(block.boot, boot);
    }
    for (const { blocks } of this.#boots.values()) blocks.sort((a, b) => a.number - b.number);
    this.#newest = "";
  }

  #add(key: string, boot: Boot, recordId: number): void {
    const last = boot.blocks.at(-1);
    if (last !== undefined && last.ids.length < BLOCK_IDS) {
      this.#saved.use(rowKey(last));
      last.ids.push(recordId);
      last.highest = boot.highest;
      return;
    }
    const block = { boot: key, number: (last?.number ?? 0) + 1, highest: boot.highest, ids: [recordId] };
    boot.blocks.push(block);
    this.#saved.set(rowKey(block), block);
    if (boot.blocks.length <= MAX_BLOCKS_OF_BOOT) return;
    const oldest = boot.blocks.shift();
    if (oldest !== undefined) this.#saved.delete(rowKey(oldest));
  }

  #forgetBoot(): void {
    const [longestSilent] = this.#boots;
    if (longestSilent === undefined) return;
    const [key, { blocks }] = longestSilent;
    this.#boots.delete(key);
    for (const block of blocks) this.#saved.delete(rowKey(block));
    this.#tables.forget("boots");
  }
}

function rowKey({ boot, number }: Block): string {
  return `${number} ${boot}`;
}

const RANDOM_DIGITS = 12; // the last 48 bits of a UUIDv7 are random, and fit a number exactly
const ID_BYTES = 6;

function numberOf(id: string): number {
  return Number.parseInt(id.slice(-RANDOM_DIGITS), 16);
}

function packed(ids: readonly number[]): string {
  const bytes = Buffer.alloc(ids.length * ID_BYTES);
  for (const [index, id] of ids.entries()) bytes.writeUIntBE(id, index * ID_BYTES, ID_BYTES);
  return bytes.toString("base64");
}

function unpacked(text: string): number[] {
  const bytes = Buffer.from(text, "base64");
  return Array.from({ length: Math.floor(bytes.length / ID_BYTES) }, (_, index) =>
    bytes.readUIntBE(index * ID_BYTES, ID_BYTES),
  );
}
