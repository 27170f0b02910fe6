import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { type BundleFiles, readTar } from "@tripline/verify";
import { CommandFailed, EXIT } from "../exit.ts";

/** A bundle's files: of a folder, or of a .tar file. */
export function openBundle(path: string): BundleFiles {
  try {
    return statSync(path).isDirectory() ? folder(path) : archive(path);
  } catch (cause) {
    if (cause instanceof CommandFailed) throw cause;
    throw new CommandFailed(
      EXIT.usage,
      `${path} can't be read: is it there, and a bundle's folder or .tar file?`,
      cause,
    );
  }
}

function folder(root: string): BundleFiles {
  const isFile = (entry: Dirent) => entry.isFile();
  const all = () =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter(isFile)
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
  const known = new Set(all());
  return {
    // Only what is in it: a path in a manifest is anybody's.
    read: async (path) => (known.has(path) ? Uint8Array.from(readFileSync(join(root, path))) : null),
    list: async () => [...known],
  };
}

function archive(path: string): BundleFiles {
  const files = readTar(readFileSync(path));
  if (files === null) throw new CommandFailed(EXIT.failure, `${path} is no .tar file, or is damaged`);
  return { read: async (name) => files.get(name) ?? null, list: async () => [...files.keys()] };
}
