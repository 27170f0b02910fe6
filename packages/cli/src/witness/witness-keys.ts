import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  createCosigner,
  createWitnessState,
  generateSigningKey,
  hasWitnessState,
  readSigningKeyFile,
  readSigningKeyVariable,
  SIGNATURE_TYPE,
  type Signer,
} from "@tripline/ledger";
import { writePrivateFile } from "@tripline/service";
import { CommandFailed, EXIT } from "../exit.ts";

/** The variable that a key comes from where files are worse. */
export const KEY_VARIABLE = "TRIPLINE_WITNESS_KEY";

const KEY_FILE = /^.+\.key$/;

export interface WitnessHome {
  /** `*.key` files and `state/` are in it. */
  directory: string;
  env: Readonly<Record<string, string | undefined>>;
  /** What a key is called that has to be made. */
  name: string | undefined;
  /** Begin with an empty memory though there is a key. */
  forgetful: boolean;
  now(): number;
}

/**
 * The witness's signers: one for each `*.key` file, or the one of the environment. On the first start makes the state and a
 * key. A key without a state is refused: a witness that forgot what it cosigned could be shown another history.
 */
export async function openWitnessKeys(home: WitnessHome): Promise<Signer[]> {
  const fromEnvironment = readSigningKeyVariable(KEY_VARIABLE, home.env);
  const files = fromEnvironment === null ? await keyFilesIn(home.directory) : [];
  const hasKey = fromEnvironment !== null || files.length > 0;
  const state = stateDirectory(home.directory);
  if (!(await hasWitnessState(state))) {
    if (hasKey && !home.forgetful) {
      throw new CommandFailed(
        EXIT.failure,
        `there is a key and no state in ${state}: restore the directory. Only with a key that never cosigned begin with --empty-state`,
      );
    }
    if (!hasKey) nameFor(home); // before anything is made
    await createWitnessState(state);
  }
  if (fromEnvironment !== null) return [createCosigner(fromEnvironment, home.now)];
  if (files.length === 0) return [await addWitnessKey({ ...home, file: "witness.key" })];
  return Promise.all(files.map(async (file) => createCosigner(await readSigningKeyFile(file), home.now)));
}

/** Makes one more key. All sign until a file is taken away: so a witness changes its key without a break. */
export async function addWitnessKey(home: WitnessHome & { file?: string }): Promise<Signer> {
  const name = nameFor(home);
  const { secret, ...key } = generateSigningKey(name, SIGNATURE_TYPE.cosignatureV1);
  const file = join(
    home.directory,
    home.file ?? `witness-${Buffer.from(key.verifier.keyId).toString("hex")}.key`,
  );
  if (!(await writePrivateFile(file, `${secret}\n`, { exclusive: true }))) {
    throw new CommandFailed(EXIT.failure, `${file} is there already`);
  }
  return createCosigner(key, home.now);
}

export function stateDirectory(directory: string): string {
  return join(directory, "state");
}

function nameFor({ name }: WitnessHome): string {
  if (name !== undefined) return name;
  throw new CommandFailed(
    EXIT.usage,
    "a key is made now: name it with --name, as witness.example.org/tripline. The name is in every cosignature",
  );
}

async function keyFilesIn(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    return names
      .filter((name) => KEY_FILE.test(name))
      .sort()
      .map((name) => join(directory, name));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
