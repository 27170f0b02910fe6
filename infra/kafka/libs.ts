import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { fetchOnce } from "../fetch-once.ts";

const DOWNLOAD_TIMEOUT_MS = 300_000; // 54 MB; seconds on a good line

/** The folder with the broker's jars; fetched once, by one process at a time. */
export async function kafkaLibs(): Promise<string> {
  const here = import.meta.dirname;
  const jars = await fetchOnce(join(here, "libs"), "jars", DOWNLOAD_TIMEOUT_MS, async (fresh) => {
    const goal = [
      "-q",
      "-B",
      "dependency:copy-dependencies",
      `-DoutputDirectory=${fresh}`,
      "-DincludeScope=runtime",
    ];
    await promisify(execFile)("mvn", goal, { cwd: here, timeout: DOWNLOAD_TIMEOUT_MS });
  });
  return dirname(jars);
}
