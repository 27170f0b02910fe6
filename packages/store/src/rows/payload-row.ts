import { isoTime, type RowSource, SOURCE_COLUMNS, sourceValues } from "./source.ts";
import { isStorableSalt, isStorableText, isStorableTime } from "./storable.ts";

/**
 * Payload → row of `payloads` → the same payload, byte for byte. Arguments, result and error have columns of their own,
 * because they are searched, and so have the salt and the digest, because they are random; `rest` holds the other
 * members, `raw` everything where the order of keys is unusual.
 */

export const PAYLOAD_COLUMNS: readonly string[] = [
  "tenant",
  "time",
  "record_id",
  "args",
  "result",
  "error",
  "salt_hex",
  "args_digest_hex",
  "rest",
  "raw",
  ...SOURCE_COLUMNS,
];

/** The members of a payload in the schema's order. */
const ORDER = [
  "salt",
  "capture",
  "args",
  "args_digest",
  "result",
  "error",
  "names",
  "definitions",
  "fingerprints",
  "cut",
  "redactions",
];

const PLACES = new Map(ORDER.map((key, place) => [key, place]));

export interface PayloadOwner {
  tenant: string;
  time: string;
  id: string;
}

/** What the columns hold of a payload. */
export interface PayloadParts {
  args: string;
  result: string;
  error: string;
  /** 16 bytes as hex; empty when `rest` holds what there is. */
  salt: string;
  argsDigest: string;
  /** The other members as JSON; empty when there are none. */
  rest: string;
  raw: string;
}

function noMembers(): Record<string, unknown> {
  return Object.create(null);
}

/** @param payload as parsed, keys as they were sent @param payloadText its exact text: `JSON.stringify(payload)` */
export function partsFromPayload(
  payload: Readonly<Record<string, unknown>>,
  payloadText: string,
): PayloadParts {
  const parts = { args: "", result: "", error: "", salt: "", argsDigest: "", rest: "", raw: "" };
  let rest: Record<string, unknown> | undefined;
  let last = -1;
  let isOrdered = true;
  for (const key in payload) {
    const value = payload[key];
    const place = PLACES.get(key);
    if (place === undefined || place < last) isOrdered = false;
    else last = place;
    if (key === "args" && value !== undefined) parts.args = JSON.stringify(value);
    else if (key === "result" && isStorableText(value)) parts.result = value;
    else if (key === "error" && isStorableText(value)) parts.error = value;
    else if (key === "salt" && isStorableSalt(value)) parts.salt = value;
    else if (key === "args_digest" && isStorableSalt(value)) parts.argsDigest = value;
    else {
      rest ??= noMembers();
      rest[key] = value;
    }
  }
  if (rest !== undefined) parts.rest = JSON.stringify(rest);
  // In the usual order they give the same text again: no need to try.
  if (!isOrdered && textFromParts(parts) !== payloadText) parts.raw = payloadText.toWellFormed();
  return parts;
}

/** The payload's exact text. */
export function textFromParts({ args, result, error, salt, argsDigest, rest, raw }: PayloadParts): string {
  if (raw !== "") return raw;
  const others: unknown = rest === "" ? {} : JSON.parse(rest);
  const members = new Map(typeof others === "object" && others !== null ? Object.entries(others) : []);
  const written: string[] = [];
  const write = (key: string, json: string) => written.push(`${JSON.stringify(key)}:${json}`);
  for (const key of ORDER) {
    if (members.has(key)) write(key, JSON.stringify(members.get(key)));
    else if (key === "args" && args !== "") write(key, args);
    else if (key === "result" && result !== "") write(key, JSON.stringify(result));
    else if (key === "error" && error !== "") write(key, JSON.stringify(error));
    else if (key === "salt" && salt !== "") write(key, JSON.stringify(salt));
    else if (key === "args_digest" && argsDigest !== "") write(key, JSON.stringify(argsDigest));
  }
  for (const [key, value] of members) if (!ORDER.includes(key)) write(key, JSON.stringify(value));
  return `{${written.join(",")}}`;
}

/** One line for the table `payloads`. */
export function rowFromPayload(
  owner: PayloadOwner,
  payload: Readonly<Record<string, unknown>>,
  payloadText: string,
  source: RowSource,
): string {
  const parts = partsFromPayload(payload, payloadText);
  return JSON.stringify([
    owner.tenant,
    isStorableTime(owner.time) ? owner.time : isoTime(source.appendTime),
    owner.id,
    parts.args,
    parts.result,
    parts.error,
    parts.salt,
    parts.argsDigest,
    parts.rest,
    parts.raw,
    ...sourceValues(source),
  ]);
}
