import { LedgerError } from "../errors.ts";
import { type KeyVerifier, parseVerifierKey, SIGNATURE_TYPE } from "../note/index.ts";
import { policyInvalid, policyLines, wordAsText } from "../policy/lines.ts";

/** The logs a witness watches: origin → the keys that may sign for it (two while a log changes keys). */
export type LogList = ReadonlyMap<string, readonly KeyVerifier[]>;

/**
 * A file of `log KEY [URL]` lines, as policy files have them, so that such a line can be copied over. The origin is the key's
 * name. Comments and empty lines as there.
 * @throws LedgerError TRIPLINE_LEDGER_POLICY_INVALID that names the line
 */
export function parseLogList(file: Uint8Array): LogList {
  const logs = new Map<string, KeyVerifier[]>();
  for (const { number, words } of policyLines(file)) {
    const [keyword, word, , ...more] = words;
    if (keyword !== "log" || word === undefined || more.length > 0) {
      throw policyInvalid(number, "a list of logs has lines `log KEY [URL]` only");
    }
    const key = logKey(number, wordAsText(word));
    const keys = logs.get(key.name) ?? [];
    if (keys.some(({ verifierKey }) => verifierKey === key.verifierKey)) {
      throw policyInvalid(number, "this key is in the list already");
    }
    logs.set(key.name, [...keys, key]);
  }
  return logs;
}

function logKey(line: number, text: string): KeyVerifier {
  let key: KeyVerifier;
  try {
    key = parseVerifierKey(text);
  } catch (error) {
    if (error instanceof LedgerError) throw policyInvalid(line, error.message, error);
    throw error;
  }
  if (key.type !== SIGNATURE_TYPE.ed25519) throw policyInvalid(line, "a log's key has type 1 (Ed25519)");
  return key;
}
