import { fingerprint, type TriplineRecord } from "@tripline/events";

const KEY = { id: "eval", key: "labelled runs are not secret" }; // one for all runs: hashes need only be equal to each other

/** The record as a producer that captures fingerprints would have written it: no argument, result or error is readable. */
export function fingerprinted(record: TriplineRecord): TriplineRecord {
  const { payload } = record;
  if (payload === undefined || record.envelope.type === "tools.listed") return record;
  const { args, result, error: _error, ...rest } = payload;
  return {
    ...record,
    payload: {
      ...rest,
      capture: "fingerprint",
      fingerprints: {
        ...(args === undefined ? {} : { args: fingerprint(KEY, args) }),
        ...(result === undefined ? {} : { result: fingerprint(KEY, result) }),
      },
    },
  };
}
