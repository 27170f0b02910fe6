import { z } from "zod";
import { uuidBytes, uuidText } from "../bytes.ts";
import type { RecordList } from "../record-list.ts";
import {
  type PartitionOf,
  partitionOf,
  pathOf,
  type StoredLetter,
  type StoredPayload,
  type StoredRow,
} from "../sources.ts";

/**
 * A bundle's records: a line of JSON each. Envelopes and payloads are texts in it, character for character what was sealed:
 * `jq -r .envelope` gives back the bytes.
 */

const index = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
const log = z.string().max(512);

const recordLine = z.strictObject({
  log: log.describe("path of the partition's log"),
  index: index.describe("of its leaf"),
  id: uuid,
  envelope: z.string(),
  role: z
    .enum(["elsewhere", "erasure"])
    .optional()
    .describe("not asked for: the one row of what was sent twice; a record that covers erased payloads"),
  root_leaf: index
    .optional()
    .describe("leaf of the root log whose checkpoint of this log is the first that covers the record"),
  sealed: z.string().max(64).optional().describe("that leaf's time"),
});
const payloadLine = z.strictObject({ log, index, payload_of: uuid, payload: z.string().nullable() });
const letterLine = z.strictObject({ log, index, letter: z.string().nullable().describe("base64") });
export const bundleLine = z.union([recordLine, payloadLine, letterLine]);

export type RecordRole = "elsewhere" | "erasure";

/** Null where the bytes are no text: they are then not what was sealed. */
function textOrNull(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null; // `fatal` throws a TypeError for exactly this
  }
}

export function recordText(
  of: PartitionOf,
  { index: at, id, envelope }: StoredRow,
  more: { role?: RecordRole; root_leaf?: number; sealed?: string } = {},
): string {
  const line = {
    log: pathOf(of),
    index: at,
    id: uuidText(id),
    envelope: textOrNull(envelope) ?? "",
    ...more,
  };
  return `${JSON.stringify(line)}\n`;
}

export function payloadText(of: PartitionOf, { index: at, recordId, bytes }: StoredPayload): string {
  const payload = bytes === null ? null : textOrNull(bytes);
  return `${JSON.stringify({ log: pathOf(of), index: at, payload_of: uuidText(recordId), payload })}\n`;
}

export function letterText(of: PartitionOf, { index: at, bytes }: StoredLetter): string {
  const letter = bytes === null ? null : base64(bytes);
  return `${JSON.stringify({ log: pathOf(of), index: at, letter })}\n`;
}

export interface BundleRecords {
  list: RecordList;
  /** Those that were asked for, with the root log's leaf that is said to cover each. */
  listed: (PartitionOf & { index: number; leaf: number })[];
}

/** Takes a file of lines in. Gives back the number of the first line that is none of these; null where all are. */
export function takeLines(file: Uint8Array, into: BundleRecords): number | null {
  let from = 0;
  for (let number = 1; from < file.length; number += 1) {
    const newline = file.indexOf(0x0a, from);
    const end = newline === -1 ? file.length : newline;
    const text = textOrNull(file.subarray(from, end));
    if (text === null || !takeLine(text, into)) return number;
    from = end + 1;
  }
  return null;
}

function takeLine(text: string, { list, listed }: BundleRecords): boolean {
  const parsed = bundleLine.safeParse(json(text));
  const of = parsed.success ? partitionOf(parsed.data.log) : null;
  if (!parsed.success || of === null) return false;
  const line = parsed.data;
  if ("envelope" in line) {
    const row = {
      index: line.index,
      id: uuidBytes(line.id),
      envelope: new TextEncoder().encode(line.envelope),
    };
    if (line.role === undefined) {
      list.add(of, { row });
      if (line.root_leaf !== undefined) listed.push({ ...of, index: line.index, leaf: line.root_leaf });
    } else list.addAside({ ...of, ...row }, line.role);
    return true;
  }
  if ("payload_of" in line) {
    const bytes = line.payload === null ? null : new TextEncoder().encode(line.payload);
    list.add(of, { payload: { index: line.index, recordId: uuidBytes(line.payload_of), bytes } });
    return true;
  }
  const bytes = line.letter === null ? null : unbase64(line.letter);
  if (line.letter !== null && bytes === null) return false;
  list.add(of, { letter: { index: line.index, bytes } });
  return true;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function unbase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null; // atob throws a DOMException for what is no base64
  }
}
