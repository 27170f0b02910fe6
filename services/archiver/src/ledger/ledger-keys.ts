import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { generateSigningKey, parseSigningKey, readSigningKeyFile, type SigningKey } from "@tripline/ledger";
import { writePrivateFile } from "@tripline/service";

export const LEDGER_KEY_VARIABLE = "TRIPLINE_LEDGER_KEY";
const FIRST_KEY_FILE = "ledger.key";
const KEY_FILE = /^ledger[a-z0-9-]*\.key$/;
const KEY_NAME = "tripline"; // each log signs by its own name

/**
 * The keys that sign this installation's checkpoints, all of them each: from the environment (with spaces between them), else
 * the files `keys/ledger*.key` of the data directory, of which the first is made where there is none. To change keys, add the
 * new one, give its verifier key to whoever verifies, and take the old one away. Archivers on several machines need the same.
 * @throws LedgerError TRIPLINE_LEDGER_KEY_INVALID, TRIPLINE_LEDGER_UNAVAILABLE
 */
export async function ledgerKeys(
  dataDir: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<[SigningKey, ...SigningKey[]]> {
  const [given, ...more] = (env[LEDGER_KEY_VARIABLE] ?? "").split(/\s+/).filter((text) => text !== "");
  if (given !== undefined) return [parseSigningKey(given), ...more.map(parseSigningKey)];
  const directory = join(dataDir, "keys");
  await writeFirst(directory);
  const [first = FIRST_KEY_FILE, ...others] = await keyFilesIn(directory);
  const read = (name: string): Promise<SigningKey> => readSigningKeyFile(join(directory, name));
  return [await read(first), ...(await Promise.all(others.map(read)))];
}

async function writeFirst(directory: string): Promise<void> {
  if ((await keyFilesIn(directory)).length > 0) return;
  const { secret } = generateSigningKey(KEY_NAME);
  await writePrivateFile(join(directory, FIRST_KEY_FILE), `${secret}\n`, { exclusive: true });
}

async function keyFilesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => KEY_FILE.test(name)).sort();
}
