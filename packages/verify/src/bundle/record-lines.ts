import { z } from "zod";
import { uuidBytes, uuidText } from "../bytes.ts";
import type { RecordList } from "../record-list.ts";
import { isObject } from "../selection.ts";
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
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MAX_LOG_CHARS = 512;
const MAX_TIME_CHARS = 64;
const uuid = z.string().regex(ID);
const log = z.string().max(MAX_LOG_CHARS);

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
  sealed: z.string().max(MAX_TIME_CHARS).optional().describe("that leaf's time"),
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

/**
 * Takes what `bundleLine` takes, checked by hand: a schema's check costs ten times what all else about a line does. A property test
 * holds it to the schema.
 */
function takeLine(text: string, { list, listed }: BundleRecords): boolean {
  const line = json(text);
  if (
    !isObject(line) ||
    typeof line.log !== "string" ||
    line.log.length > MAX_LOG_CHARS ||
    !isIndex(line.index)
  )
    return false;
  const of = partitionOf(line.log);
  if (of === null) return false;
  const { log: _, index: at, ...said } = line;
  if ("envelope" in said) {
    const { id, envelope, role, root_leaf: leaf, sealed, ...more } = said;
    if (!isId(id) || typeof envelope !== "string" || Object.keys(more).length > 0) return false;
    if (role !== undefined && role !== "elsewhere" && role !== "erasure") return false;
    if (leaf !== undefined && !isIndex(leaf)) return false;
    if (sealed !== undefined && (typeof sealed !== "string" || sealed.length > MAX_TIME_CHARS)) return false;
    const row = { index: at, id: uuidBytes(id), envelope: encoder.encode(envelope) };
    if (role !== undefined) list.addAside({ ...of, ...row }, role);
    else {
      list.add(of, { row });
      if (leaf !== undefined) listed.push({ ...of, index: at, leaf });
    }
    return true;
  }
  if ("payload_of" in said) {
    const { payload_of: owner, payload, ...more } = said;
    if (!isId(owner) || !(typeof payload === "string" || payload === null) || Object.keys(more).length > 0)
      return false;
    const bytes = payload === null ? null : encoder.encode(payload);
    list.add(of, { payload: { index: at, recordId: uuidBytes(owner), bytes } });
    return true;
  }
  const { letter, ...more } = said;
  if (!(typeof letter === "string" || letter === null) || Object.keys(more).length > 0) return false;
  const bytes = letter === null ? null : unbase64(letter);
  if (letter !== null && bytes === null) return false;
  list.add(of, { letter: { index: at, bytes } });
  return true;
}

const encoder = new TextEncoder();

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isId(value: unknown): value is string {
  return typeof value === "string" && ID.test(value);
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
