import { isUtf8 } from "node:buffer";
import {
  alertSchema,
  envelopeSchema,
  factSchema,
  isNestedDeeper,
  isRetriable,
  MAX_RECORD_BYTES,
  MAX_RECORD_DEPTH,
  parseRecord,
  payloadSchema,
  revocationKey,
  signedRevocationSchema,
  TOPICS,
  TriplineError,
} from "@tripline/events";
import { z } from "zod";
import { jsonFault } from "./json-fault.ts";

/** What would be said about a letter's original today, and where in it. */
export type Verdict =
  | { state: "valid_now" }
  | { state: "still_refused"; faults: Fault[] }
  | { state: "unknown"; why: string };

export interface Fault {
  /** Holds nothing of the record but, in a path, names of its keys. */
  what: string;
  /** As `envelope.producer.seq`; null where the fault has no place in the JSON. */
  path: string | null;
  /** Of the value's bytes; null where the fault is not at one byte. */
  byte: number | null;
}

export interface Original {
  topic: string;
  key: string | null;
  value: Uint8Array | null;
}

/** Whether a revocation's signature is good under the keys that are known now; null where no keys are known here. */
export type IsSigned = (entry: unknown) => boolean | null;

/** @param check throws a permanent TriplineError for an entry that no known key signed; absent where no keys are known */
export function signatureBy(check: ((entry: unknown) => unknown) | undefined): IsSigned {
  return (entry) => {
    try {
      if (check === undefined) return null;
      check(entry);
      return true;
    } catch (error) {
      if (error instanceof TriplineError && !isRetriable(error)) return false;
      throw error;
    }
  };
}

const MAX_FAULTS = 5; // enough to see the pattern; a record of another schema has dozens

const recordSchema = z.object({ envelope: envelopeSchema, payload: payloadSchema.optional() });

/** Validates the original with the present schema of its topic. */
export function presentVerdict(original: Original, isSigned: IsSigned): Verdict {
  const schema = SCHEMAS[original.topic];
  if (schema === undefined) {
    return { state: "unknown", why: `nothing is known here of what belongs on ${original.topic}` };
  }
  const faults = faultsOf(original, schema);
  if (faults.length > 0) return { state: "still_refused", faults: faults.slice(0, MAX_FAULTS) };
  return original.topic === TOPICS.revocations
    ? signatureVerdict(original, isSigned)
    : { state: "valid_now" };
}

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  [TOPICS.events]: recordSchema,
  [TOPICS.facts]: factSchema,
  [TOPICS.alerts]: alertSchema,
  [TOPICS.revocations]: signedRevocationSchema,
};

const fault = (what: string, place: Partial<Fault> = {}): Fault => ({
  what,
  path: null,
  byte: null,
  ...place,
});

function faultsOf({ topic, value }: Original, schema: z.ZodType): Fault[] {
  if (value === null) return [fault("there is no value")];
  if (topic === TOPICS.events && value.byteLength > MAX_RECORD_BYTES) {
    return [fault(`it has ${value.byteLength} bytes; a record may have ${MAX_RECORD_BYTES}`)];
  }
  if (!isUtf8(value)) return [fault("this byte is not UTF-8", { byte: firstNotUtf8(value) })];
  const text = Buffer.from(value).toString("utf8");
  const wrong = jsonFault(text);
  if (wrong !== null) {
    const byte = Buffer.byteLength(text.slice(0, wrong.index));
    return [fault(`it is not JSON: expected ${wrong.expected}`, { byte })];
  }
  const json: unknown = JSON.parse(text);
  if (isNestedDeeper(json)) return [fault(`it is nested deeper than ${MAX_RECORD_DEPTH} levels`)];
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) =>
      fault(message, { path: path.join(".") || "its top" }),
    );
  }
  return topic === TOPICS.events ? recordFaults(text) : [];
}

/** What the contract asks beyond the schema: the type's own part, the payload's hash. */
function recordFaults(text: string): Fault[] {
  try {
    parseRecord(text);
    return [];
  } catch (error) {
    if (error instanceof TriplineError) return [fault(error.message)];
    throw error;
  }
}

function signatureVerdict({ key, value }: Original, isSigned: IsSigned): Verdict {
  const entry = signedRevocationSchema.parse(JSON.parse(Buffer.from(value ?? []).toString("utf8")));
  if (key !== revocationKey(entry)) {
    return { state: "still_refused", faults: [fault("it lies under the key of another entry")] };
  }
  const signed = isSigned(entry);
  if (signed === null) {
    return { state: "unknown", why: "the keys that revocations are checked with are not known here" };
  }
  return signed
    ? { state: "valid_now" }
    : {
        state: "still_refused",
        faults: [
          fault(`no known key made its signature; it names the key ${entry.key_id}`, { path: "signature" }),
        ],
      };
}

/** The first byte from which on the value is not UTF-8. */
function firstNotUtf8(value: Uint8Array): number {
  let [good, bad] = [0, value.byteLength];
  while (good < bad) {
    const middle = Math.floor((good + bad + 1) / 2);
    if (isUtf8Start(value.subarray(0, middle))) good = middle;
    else bad = middle - 1;
  }
  return good;
}

/** Whether the bytes are UTF-8, the last character perhaps not complete. */
function isUtf8Start(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false; // a decoder says so by throwing
  }
}
