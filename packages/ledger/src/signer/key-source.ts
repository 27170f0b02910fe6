import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { LedgerError } from "../errors.ts";
import { parseSigningKey, type SigningKey } from "./signing-key.ts";

const OTHERS = 0o077; // group and world, any right
const MAX_KEY_FILE_BYTES = 4096; // a key has about 100

/**
 * The key in a file that only its owner may read. Whoever else may read it can sign as this log or witness: such a file
 * is refused, not warned about.
 * @throws LedgerError TRIPLINE_LEDGER_KEY_INVALID, TRIPLINE_LEDGER_UNAVAILABLE when it can't be read
 */
export async function readSigningKeyFile(path: string): Promise<SigningKey> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, constants.O_RDONLY);
  } catch (cause) {
    const message = `the key file ${path} can't be read: check that it is there and whose it is`;
    throw new LedgerError("TRIPLINE_LEDGER_UNAVAILABLE", message, cause);
  }
  try {
    const { mode, size } = await file.stat(); // of what is open, not of what the name may mean by now
    if ((mode & OTHERS) !== 0) {
      throw new LedgerError(
        "TRIPLINE_LEDGER_KEY_INVALID",
        `others may read the key file ${path}: chmod 600 it, and make a new key if they could have read it`,
      );
    }
    if (size > MAX_KEY_FILE_BYTES) {
      throw new LedgerError("TRIPLINE_LEDGER_KEY_INVALID", `${path} is too long to be a key file`);
    }
    return parseSigningKey(await file.readFile("utf8"));
  } finally {
    await file.close();
  }
}

/**
 * The key in an environment variable, for where files are worse. Null when the variable is not set or empty.
 * @throws LedgerError TRIPLINE_LEDGER_KEY_INVALID
 */
export function readSigningKeyVariable(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): SigningKey | null {
  const text = env[name];
  return text === undefined || text === "" ? null : parseSigningKey(text);
}
