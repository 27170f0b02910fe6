import { randomUUID } from "node:crypto";
import { link, mkdir, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;

/**
 * Writes a file that only its owner may read, whole or not at all: a temporary file beside it, fsync, rename.
 * With `exclusive` an existing file is kept, and the answer is false. Makes the directory where it is missing.
 */
export async function writePrivateFile(
  path: string,
  text: string,
  options: { exclusive?: boolean } = {},
): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: OWNER_ONLY_DIRECTORY });
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file = await open(temporary, "wx", OWNER_ONLY_FILE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    if (options.exclusive !== true) {
      await rename(temporary, path);
    } else if (!(await linked(temporary, path))) {
      return false;
    }
  } finally {
    await unlink(temporary).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
  await syncDirectory(dirname(path));
  return true;
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to); // unlike rename, fails when the name is taken
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** A rename is only on disk when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
