import type { Fingerprint } from "@tripline/events";
import type { CallValues } from "./argument-values.ts";
import type { ScannedOutput } from "./session.ts";
import { FIELD, PROSE, Tape } from "./tape.ts";
import { ACCOUNT, hashOf, WORD } from "./token-scan.ts";

/**
 * Calls whose text was not captured: their values are known as keyed hashes, which an address keeps wherever it stands. No
 * sentence can be read, so an act is judged by where its target comes from, what it may do, and what it carries out.
 */

const MAX_VALUES = 512; // of one fingerprint, as the interceptor makes them
const MAX_SHINGLES = 2048;
const MAX_TARGETS = 32; // of one call

export function valuesOfFingerprint({ values, shingles, targets = [] }: Fingerprint): CallValues {
  return {
    values: targets.slice(0, MAX_TARGETS).map((target) => ({
      role: "destination",
      kind: "account",
      hashes: [hashOf(target)],
      weight: 2,
      text: "a target known by its hash",
    })),
    longs: [],
    marked: [],
    grams: shingles.slice(0, MAX_SHINGLES).map((shingle) => hashOf(shingle)),
    said: Uint32Array.from(values.slice(0, MAX_VALUES), (value) => hashOf(value)),
    items: [],
  };
}

const FIELDS_RECORD = 1; // fields and free text of one output cannot be told apart by record: fields may vouch

export function scannedFingerprint({ values, shingles, prose = [] }: Fingerprint): ScannedOutput {
  const tape = new Tape(MAX_VALUES + MAX_SHINGLES);
  const free = new Set(prose);
  const about = { call: 0, tool: 0 };
  const vouched = values.slice(0, MAX_VALUES).filter((value) => !free.has(value));
  tape.addHashes(vouched.map(hashOf), { ...about, kind: FIELD, record: FIELDS_RECORD }, WORD);
  tape.addHashes(prose.slice(0, MAX_VALUES).map(hashOf), { ...about, kind: PROSE, record: 0 }, ACCOUNT);
  tape.addHashes(shingles.slice(0, MAX_SHINGLES).map(hashOf), { ...about, kind: FIELD, record: 0 }, WORD);
  return { tape, prose: prose.length > 0 };
}
