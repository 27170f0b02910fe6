import { join } from "node:path";
import { generateSigningKey, readSigningKeyFile, readSigningKeyVariable, type SigningKey } from "@tripline/ledger";
import { writePrivateFile } from "@tripline/service";

export const LEDGER_KEY_VARIABLE = "TRIPLINE_LEDGER_KEY";
const KEY_FILE = "ledger.key";
const KEY_NAME = "tripline"; // each log signs by its own name, see `originOf`

/**
 * The key that signs this installation's checkpoints: from the environment, else from `keys/ledger.key` in the data
 * directory, which is made where it is missing. Archivers on several machines need the same.
 * @throws LedgerError TRIPLINE_LEDGER_KEY_INVALID, TRIPLINE_LEDGER_UNAVAILABLE
 */
export async function ledgerKey(
  dataDir: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<SigningKey> {
  const given = readSigningKeyVariable(LEDGER_KEY_VARIABLE, env);
  if (given !== null) return given;
  const path = join(dataDir, "keys", KEY_FILE);
  await writePrivateFile(path, `${generateSigningKey(KEY_NAME).secret}\n`, { exclusive: true });
  return readSigningKeyFile(path);
}
