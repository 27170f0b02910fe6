import { hasCode } from "../errors.ts";
import { readWhole } from "./whole-log.ts";

/** A process that reads the whole log in the directory named, for `checkApart`. */
try {
  const records = await readWhole(process.argv[2] ?? "");
  process.stdout.write(`records ${records}\n`);
} catch (error) {
  if (!hasCode(error, "TRIPLINE_STREAM_DAMAGED") || !(error instanceof Error)) throw error;
  process.stdout.write(`damaged: ${error.message}\n`);
  process.exitCode = 1;
}
