import { type OpenLogOptions, openLog, type TiledLog } from "../log/index.ts";
import { createSigner, generateSigningKey } from "../signer/index.ts";
import { MemoryStorage } from "../storage/index.ts";

export const ORIGIN = "ledger.test/events-0";
const key = generateSigningKey(ORIGIN);
export const signer = createSigner(key);
export const { verifier } = key;

const ENTRY_BYTES = 48;

/** An entry of 48 bytes as archivers make them; the same for the same position. */
export function entryAt(position: number): Uint8Array {
  const entry = new Uint8Array(ENTRY_BYTES);
  const view = new DataView(entry.buffer);
  view.setFloat64(0, position);
  for (let at = 8; at < ENTRY_BYTES; at += 4)
    view.setUint32(at, Math.imul(position + at, 0x9e3779b1) ^ (position >>> 3));
  return entry;
}

export function entriesFrom(position: number, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => entryAt(position + i));
}

export function openTestLog(options: Partial<OpenLogOptions> = {}): Promise<TiledLog> {
  return openLog({ storage: new MemoryStorage(), origin: ORIGIN, signers: [signer], ...options });
}

/** A log of so many leaves in memory, published. */
export async function memoryLogOf(size: number): Promise<{ storage: MemoryStorage; log: TiledLog }> {
  const storage = new MemoryStorage();
  const log = await openTestLog({ storage });
  await log.append(0, entriesFrom(0, size));
  await log.checkpoint();
  return { storage, log };
}
