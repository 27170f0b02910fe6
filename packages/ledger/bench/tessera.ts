import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { goTool } from "../src/testing/go-tools.ts";

/** How Tessera is set up: as it comes, and with batches that suit this load. */
export const TESSERA_SETTINGS: Readonly<Record<string, readonly string[]>> = {
  "as it comes (batches of 256)": [],
  "batches of 16,384": ["-batch", "16384", "-outstanding", "65536"],
  "batches of 65,536": ["-batch", "65536", "-outstanding", "262144"],
};

/** Appends with Tessera's POSIX driver for a time, with a checkpoint a second; leaves a second. */
export async function appendTessera(
  directory: string,
  forMs: number,
  settings: readonly string[],
): Promise<number> {
  const program = await goTool("tessera");
  const flags = ["-directory", directory, "-for", `${forMs}ms`, ...settings];
  const { stdout } = await promisify(execFile)(program, flags);
  const { leaves, seconds }: { leaves: number; seconds: number } = JSON.parse(stdout);
  return leaves / seconds;
}
