import { ZERO_UUID } from "../sql/row.ts";
import { isoTime, type RowSource, SOURCE_COLUMNS, sourceValues } from "./source.ts";
import { isStorableText, isStorableTime, isStorableUuid } from "./storable.ts";

/**
 * Payload → row of `payloads` → the same payload, byte for byte. Arguments, result and error have columns of their own,
 * because they are searched; `rest` holds the other members, `raw` everything where the order of keys is unusual.
 */

export const PAYLOAD_COLUMNS: readonly string[] = [
  "tenant",
  "time",
  "record_id",
  "call_id",
  "args",
  "result",
  "error",
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

export interface PayloadOwner {
  tenant: string;
  time: string;
  id: string;
  call?: { id?: string | undefined } | undefined;
}

/** What the columns hold of a payload. */
export interface PayloadParts {
  args: string;
  result: string;
  error: string;
  rest: string;
  raw: string;
}

/** @param payload as parsed, keys as they were sent @param payloadText its exact text */
export function partsFromPayload(
  payload: Readonly<Record<string, unknown>>,
  payloadText: string,
): PayloadParts {
  const rest: Record<string, unknown> = Object.create(null);
  let args = "";
  let result = "";
  let error = "";
  for (const key in payload) {
    const value = payload[key];
    if (key === "args" && value !== undefined) args = JSON.stringify(value);
    else if (key === "result" && isStorableText(value)) result = value;
    else if (key === "error" && isStorableText(value)) error = value;
    else rest[key] = value;
  }
  const parts = { args, result, error, rest: JSON.stringify(rest), raw: "" };
  return textFromParts(parts) === payloadText ? parts : { ...parts, raw: payloadText.toWellFormed() };
}

/** The payload's exact text. */
export function textFromParts({ args, result, error, rest, raw }: PayloadParts): string {
  if (raw !== "") return raw;
  const others: unknown = JSON.parse(rest);
  const members = new Map(typeof others === "object" && others !== null ? Object.entries(others) : []);
  const written: string[] = [];
  const write = (key: string, json: string) => written.push(`${JSON.stringify(key)}:${json}`);
  for (const key of ORDER) {
    if (members.has(key)) write(key, JSON.stringify(members.get(key)));
    else if (key === "args" && args !== "") write(key, args);
    else if (key === "result" && result !== "") write(key, JSON.stringify(result));
    else if (key === "error" && error !== "") write(key, JSON.stringify(error));
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
    isStorableUuid(owner.call?.id) ? owner.call.id : ZERO_UUID,
    parts.args,
    parts.result,
    parts.error,
    parts.rest,
    parts.raw,
    ...sourceValues(source),
  ]);
}
