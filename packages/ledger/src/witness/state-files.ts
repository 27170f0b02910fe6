import { link, mkdir, open, readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { LedgerError } from "../errors.ts";
import { syncDirectory } from "../storage/files/directory-sync.ts";
import { NOTHING_WITNESSED, type WitnessedTree } from "./decide.ts";
import { encodeState, parseState } from "./state-text.ts";
import type { WitnessMemory } from "./witness.ts";

/**
 * A witness's memory in a directory of its own: each change is a new numbered file, written whole, fsynced and linked to a
 * name that nobody has yet. So a crash leaves the state before or the state after; and of two processes that share the
 * directory by mistake, the second to take a number is refused before it cosigns.
 */

const NAME = /^state-(\d{16})$/;
const TEMPORARY = /^state\.\d+\.tmp$/;
const KEPT = 16; // so many changes would have to fit into one listing of the directory for a second process to miss them all
const OWNER_ONLY_DIRECTORY = 0o700;
const OWNER_ONLY_FILE = 0o600;

/** Makes the directory and an empty state in it. @throws LedgerError TRIPLINE_LEDGER_CONFLICT where there is a state already */
export async function createWitnessState(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
  if ((await generationsIn(directory)).length > 0) throw takenBySomebody(directory);
  await writeGeneration(directory, 1, encodeState(new Map()));
}

/** Whether there is a state, damaged or not. */
export async function hasWitnessState(directory: string): Promise<boolean> {
  try {
    return (await generationsIn(directory)).length > 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

/** @throws LedgerError TRIPLINE_LEDGER_DAMAGED, also where there is none: a witness must not begin again unnoticed */
export async function openWitnessState(directory: string): Promise<WitnessMemory> {
  let generation = (await hasWitnessState(directory)) ? newest(await generationsIn(directory)) : 0;
  if (generation === 0) {
    throw new LedgerError(
      "TRIPLINE_LEDGER_DAMAGED",
      `${directory} holds no witness state: restore it, or start with a new key. A witness that forgot what it cosigned could be shown another history`,
    );
  }
  const trees = await readGeneration(directory, generation);
  let broken: unknown;
  return {
    last: (origin) => trees.get(origin) ?? NOTHING_WITNESSED,
    remember: async (origin, tree) => {
      if (broken !== undefined) throw brokenState(directory, broken);
      const next = new Map<string, WitnessedTree>([...trees, [origin, tree]]);
      try {
        await writeGeneration(directory, generation + 1, encodeState(next));
      } catch (error) {
        broken = error; // whether it is on disk is not known now: only a new start can tell
        throw brokenState(directory, error);
      }
      generation++;
      trees.set(origin, tree);
    },
  };
}

async function readGeneration(directory: string, generation: number): Promise<Map<string, WitnessedTree>> {
  const path = join(directory, nameOf(generation));
  try {
    return parseState(await readFile(path, "utf8"));
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    const message = `${path} is damaged: restore the directory, or start with a new key`;
    throw new LedgerError("TRIPLINE_LEDGER_DAMAGED", message, error);
  }
}

async function writeGeneration(directory: string, generation: number, bytes: Uint8Array): Promise<void> {
  const temporary = join(directory, `state.${process.pid}.tmp`);
  const file = await open(temporary, "w", OWNER_ONLY_FILE);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(temporary, join(directory, nameOf(generation))); // fails where the name is taken
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST")
      throw takenBySomebody(directory);
    throw error;
  }
  await syncDirectory(directory);
  const generations = await generationsIn(directory);
  // Somebody who is further on may have removed the file that would have kept this one from being made.
  if (newest(generations) !== generation) throw takenBySomebody(directory);
  await removeOld(directory, generation);
}

async function removeOld(directory: string, generation: number): Promise<void> {
  const names = await readdir(directory);
  const old = names.filter((name) => {
    const number = NAME.exec(name)?.[1];
    return TEMPORARY.test(name) || (number !== undefined && Number(number) <= generation - KEPT);
  });
  for (const name of old) {
    await unlink(join(directory, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
}

async function generationsIn(directory: string): Promise<number[]> {
  const numbers = (await readdir(directory)).map((name) => NAME.exec(name)?.[1]);
  return numbers.filter((number) => number !== undefined).map(Number);
}

function newest(generations: readonly number[]): number {
  return Math.max(0, ...generations);
}

function nameOf(generation: number): string {
  return `state-${String(generation).padStart(16, "0")}`;
}

function takenBySomebody(directory: string): LedgerError {
  return new LedgerError(
    "TRIPLINE_LEDGER_CONFLICT",
    `another process writes to ${directory}: one witness has one state of its own. Stop the other one`,
  );
}

function brokenState(directory: string, cause: unknown): LedgerError {
  return new LedgerError(
    "TRIPLINE_LEDGER_UNAVAILABLE",
    `the witness's state in ${directory} could not be written: see to the disk, then start again`,
    cause,
  );
}
