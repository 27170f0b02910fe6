import { fileURLToPath } from "node:url";
import { readTraces, type Trace, writeLines } from "../form/trace.ts";

/** What gateways keep of an output; the smaller where the larger would cut nothing. */
const KEPT_CHARS = [2_000, 1_000] as const;

/** Copies of the runs with long outputs, these cut: the same work as a capping gateway would have recorded it. */
export function cutCopies(traces: readonly Trace[]): Trace[] {
  return traces.flatMap((trace) => {
    const longest = Math.max(...trace.calls.map((call) => call.output?.length ?? 0));
    const kept = KEPT_CHARS.find((chars) => longest > chars);
    if (kept === undefined) return [];
    const calls = trace.calls.map((call) => ({ ...call, output: call.output?.slice(0, kept) ?? null }));
    return [{ ...trace, trace: `${trace.trace}/cut-${kept}`, calls }];
  });
}

/** `cut.ts NAME`: writes `NAME-cut.ndjson.gz` from `NAME.ndjson.gz`. */
const [name] = process.argv.slice(2);
if (import.meta.main && name !== undefined) {
  const base = fileURLToPath(new URL(`../${name}`, import.meta.url));
  const copies = cutCopies(readTraces(`${base}.ndjson.gz`));
  writeLines(`${base}-cut.ndjson.gz`, copies);
  console.log(`${copies.length} runs`);
}
