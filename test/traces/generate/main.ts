import { fileURLToPath } from "node:url";
import { writeLines, writeTools } from "../form/trace.ts";
import { delegations, delegations2, ordinary2, other } from "./sets.ts";

/** Writes the generated sets: `npx node test/traces/generate/main.ts`. */
for (const set of [delegations(), other(), delegations2(), ordinary2()]) {
  const base = fileURLToPath(new URL(`../${set.name}`, import.meta.url));
  writeLines(
    `${base}.ndjson.gz`,
    set.made.map((run) => run.trace),
  );
  writeTools(`${base}.tools.json`, set.tools);
  const truths = set.made.flatMap((run) => (run.truth === null ? [] : [run.truth]));
  if (truths.length > 0) writeLines(`${base}.truth.ndjson.gz`, truths);
  console.log(`${set.name}: ${set.made.length} runs`);
}
