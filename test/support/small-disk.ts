import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MIB = 2 ** 20;

/** A file system of its own, of so many MiB, that a test may fill. */
export interface SmallDisk {
  readonly path: string;
  freeMib(): number;
  /** Fills it with a ballast until only so many MiB are left. */
  leave(mib: number): void;
  /** Takes the ballast away. */
  clear(): void;
  remove(): void;
}

/** Mounts a tmpfs; null where this process may not. */
export function mountSmallDisk(mib: number): SmallDisk | null {
  const path = mkdtempSync(join(tmpdir(), "tripline-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mib}m`, "tmpfs", path], { stdio: "ignore" });
  } catch {
    rmSync(path, { recursive: true });
    return null; // no right to mount: the caller says that it skips, and why
  }
  const ballast = join(path, "ballast");
  mkdirSync(ballast);
  const freeMib = (): number => {
    const { bavail, bsize } = statfsSync(path);
    return Math.floor((bavail * bsize) / MIB);
  };
  let files = 0;
  return {
    path,
    freeMib,
    leave(left) {
      const bytes = (freeMib() - left) * MIB;
      if (bytes <= 0) return;
      try {
        writeFileSync(join(ballast, String(files++)), Buffer.alloc(bytes, 1));
      } catch (error) {
        // Someone else wrote meanwhile: as full as can be, which is what was asked for.
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      }
    },
    clear() {
      rmSync(ballast, { recursive: true });
      mkdirSync(ballast);
    },
    remove() {
      execFileSync("umount", ["-l", path], { stdio: "ignore" });
      rmSync(path, { recursive: true, force: true });
    },
  };
}
