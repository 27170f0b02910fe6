import { fingerprint } from "./fingerprint.ts";
import { canonicalJson } from "./ids.ts";
import { keyedHash, type RedactionKey } from "./keyed-hash.ts";
import type { CaptureLevel, Payload } from "./payload.ts";
import { payloadHash } from "./record.ts";
import { MAX_DEPTH, type Redacted, type Redactor } from "./redaction.ts";

/** Bytes of JSON text that a payload keeps of each part; what is larger is cut, marked and hashed. */
export interface CaptureLimits {
  argsBytes: number;
  resultBytes: number;
  errorBytes: number;
  definitionsBytes: number;
}

/** Together below MAX_RECORD_BYTES, so that no record is ever too large for the log. */
export const CAPTURE_LIMITS: CaptureLimits = {
  argsBytes: 64 * 1024,
  resultBytes: 128 * 1024,
  errorBytes: 8 * 1024,
  definitionsBytes: 192 * 1024,
};

/** Read beyond the limit before redacting, so that a secret is not cut in half and half of it kept. */
const REDACTION_OVERLAP_CHARS = 8 * 1024;
const MAX_NAMES = 32;
const MAX_NAME_CHARS = 320; // the longest mail address

/** A whole that is cut: its size as JSON in bytes, and its keyed hash of 32 digits (`keyedHasher`). */
export type Whole = NonNullable<NonNullable<Payload["cut"]>["result"]>;

export interface CaptureInput {
  /** 16 random bytes as hex. */
  salt: string;
  level: CaptureLevel;
  args?: unknown;
  result?: string | undefined;
  /** Where `result` is only the head of what was measured elsewhere. */
  resultWhole?: Whole | undefined;
  error?: string | undefined;
  definitions?: readonly unknown[] | undefined;
  /** subject id -> name; kept at every level, in the erasable payload only. */
  names?: Readonly<Record<string, string>> | undefined;
}

export interface Captured {
  payload: Payload;
  /** The payload's exact bytes. */
  text: string;
  hash: string;
  truncated: boolean;
}

/** Makes a record's payload: redacted, cut to the limits, hashed. Never throws for JSON input. */
export function capturePayload(
  redactor: Redactor,
  input: CaptureInput,
  limits: CaptureLimits = CAPTURE_LIMITS,
): Captured {
  const payload: Payload = { salt: input.salt };
  const redactions: Record<string, number> = {};
  const cut: NonNullable<Payload["cut"]> = {};
  const full = input.level === "full";
  if (!full) payload.capture = input.level;

  const keep = <T>(redacted: Redacted<T>): T => {
    for (const [kind, n] of Object.entries(redacted.redactions))
      redactions[kind] = (redactions[kind] ?? 0) + n;
    return redacted.value;
  };
  const text = (part: "result" | "error", value: string, limit: number): string => {
    const start = head(value, limit);
    const kept = keep(redactor.redactText(start));
    const short = cutText(kept, limit);
    if (short.length < kept.length || start.length < value.length) {
      cut[part] = { bytes: jsonBytes(value), digest: keyedHash(redactor.key, value, 32) };
    }
    return short;
  };

  if (input.args !== undefined && input.level !== "none") {
    const canonical = safeCanonicalJson(input.args);
    payload.args_digest = keyedHash(redactor.key, canonical, 32);
    if (full) {
      const kept = capturedJson(redactor, input.args, canonical, limits.argsBytes, keep);
      payload.args = kept.value;
      if (kept.cut) cut.args = { bytes: Buffer.byteLength(canonical), digest: payload.args_digest };
    }
  }
  if (full && input.result !== undefined) {
    payload.result = text("result", input.result, limits.resultBytes);
    if (input.resultWhole !== undefined) cut.result = input.resultWhole;
  }
  if (full && input.error !== undefined) payload.error = text("error", input.error, limits.errorBytes);
  if (input.level === "fingerprint") payload.fingerprints = fingerprints(redactor.key, input);
  if (input.names !== undefined) payload.names = boundedNames(input.names);
  if (input.definitions !== undefined) {
    const canonical = safeCanonicalJson(input.definitions);
    const kept = capturedJson(redactor, input.definitions, canonical, limits.definitionsBytes, keep);
    payload.definitions = Array.isArray(kept.value) ? kept.value : [kept.value];
    if (kept.cut) {
      cut.definitions = {
        bytes: Buffer.byteLength(canonical),
        digest: keyedHash(redactor.key, canonical, 32),
      };
    }
  }
  const truncated = Object.keys(cut).length > 0;
  if (truncated) payload.cut = cut;
  if (Object.keys(redactions).length > 0) payload.redactions = redactions;
  const payloadText = JSON.stringify(payload);
  return { payload, text: payloadText, hash: payloadHash(payloadText), truncated };
}

/** The value redacted if its JSON fits, else as much of its redacted JSON text as does. */
function capturedJson(
  redactor: Redactor,
  value: unknown,
  canonical: string,
  limit: number,
  keep: <T>(redacted: Redacted<T>) => T,
): { value: unknown; cut: boolean } {
  // Redacted as a value in any case: in its text, what a property's name makes a secret is harder to see.
  const whole = canonical.length <= limit;
  const redacted = redactor.redact(whole ? value : jsonHead(value, limit));
  const kept = keep(redacted);
  // Multi-byte text and tokens can make the redacted JSON larger than its limit; only then is its size worth counting.
  if (whole && (canonical.length * 3 <= limit || Buffer.byteLength(JSON.stringify(kept)) <= limit)) {
    return { value: kept, cut: redacted.cut };
  }
  return { value: cutText(safeCanonicalJson(kept), limit), cut: true };
}

function fingerprints(key: RedactionKey, input: CaptureInput): NonNullable<Payload["fingerprints"]> {
  return {
    ...(input.args === undefined ? {} : { args: fingerprint(key, input.args) }),
    ...(input.result === undefined ? {} : { result: fingerprint(key, input.result) }),
  };
}

function boundedNames(names: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(names)
      .slice(0, MAX_NAMES)
      .map(([id, name]) => [id, name.slice(0, MAX_NAME_CHARS)]),
  );
}

/** The text up to a little beyond the limit, without the word that this cuts: half a secret is not recognised as one. */
function head(text: string, limit: number): string {
  let end = limit + REDACTION_OVERLAP_CHARS;
  if (text.length <= end) return text;
  // Backwards by hand: a pattern that ends in `$` would look from every character on.
  while (end > limit && !/\s/.test(text[end - 1] ?? " ")) end -= 1;
  return text.slice(0, end);
}

/** The longest useful prefix whose JSON text fits into `limit` bytes. */
function cutText(text: string, limit: number): string {
  if (text.length * 3 <= limit) return text; // JSON of well-formed text without control characters needs at most 3 bytes a char
  let kept = text;
  for (let bytes = jsonBytes(kept); bytes > limit; bytes = jsonBytes(kept)) {
    kept = kept.slice(0, Math.min(kept.length - 1, Math.floor((kept.length * limit) / bytes)));
  }
  return kept;
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

/** canonicalJson for any depth: what is too deep for the stack is hashed by its plain marker. */
function safeCanonicalJson(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (error instanceof RangeError) return '"⟨cut:depth⟩"';
    throw error;
  }
}

/** The members and items that come first, as many as make `limit` characters of JSON; of a long text its head. */
function jsonHead(value: unknown, limit: number): unknown {
  let left = limit;
  const take = (node: unknown, depth: number): unknown => {
    if (typeof node === "string") {
      const text = head(node, Math.max(0, left));
      left -= text.length;
      return text;
    }
    left -= 4; // about what a number or the signs around a member take
    if (node === null || typeof node !== "object" || depth >= MAX_DEPTH) return node;
    if (Array.isArray(node)) {
      const items: unknown[] = [];
      for (const item of node) {
        if (left <= 0) break;
        items.push(take(item, depth + 1));
      }
      return items;
    }
    const members: [string, unknown][] = [];
    for (const [name, member] of Object.entries(node)) {
      if (left <= name.length) break;
      left -= name.length;
      members.push([name, take(member, depth + 1)]);
    }
    return Object.fromEntries(members);
  };
  return take(value, 0);
}
