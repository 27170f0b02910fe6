import { streamError } from "../errors.ts";
import type { GenerationEntry, GenerationState } from "./log-book.ts";
import { type GenerationName, generationName, parseGeneration } from "./names.ts";

/** Of all generations of one log the one that is in use, with what its book says; the entry is null where it says nothing. */
export interface Present {
  name: GenerationName;
  entry: GenerationEntry | null;
}

/** The latest generation that was ever in use, open or not; null when the book knows of none. */
export function latestGeneration(
  first: GenerationName,
  book: ReadonlyMap<string, GenerationEntry>,
): { name: GenerationName; entry: GenerationEntry } | null {
  const known = [...book.values()]
    .map((entry) => ({ name: parseGeneration(entry.generation), entry }))
    .filter(({ name, entry }) => name.log === first.log && !UNUSED.includes(entry.state))
    .sort((a, b) => b.name.number - a.name.number);
  return known[0] ?? null;
}

const UNUSED: readonly GenerationState[] = ["abandoned", "copying", "copied"];

/**
 * The generation that services work on.
 * @throws TriplineError TRIPLINE_STREAM_MOVED when the log went on elsewhere, or is not yet open
 */
export function presentGeneration(
  first: GenerationName,
  book: ReadonlyMap<string, GenerationEntry>,
): Present {
  const used = latestGeneration(first, book);
  if (used !== null) {
    refuseClosed(used.entry);
    return used;
  }
  const own = book.get(generationName(first));
  if (own === undefined) return { name: first, entry: null };
  if (own.state !== "abandoned") {
    throw streamError(
      "TRIPLINE_STREAM_MOVED",
      `${own.generation} is still being filled from ${own.moved_from}: run \`tripline log cutover\` again to finish it, or ` +
        "`tripline log reopen` on the log before",
    );
  }
  throw streamError(
    "TRIPLINE_STREAM_MOVED",
    `${own.generation} was abandoned in the middle of a cut-over and is not whole: run \`tripline log cutover\` again`,
  );
}

/** @throws TriplineError TRIPLINE_STREAM_MOVED */
export function refuseClosed(entry: GenerationEntry): void {
  if (entry.state === "closed") throw movedError(entry);
}

export function movedError({ generation, moved_to }: GenerationEntry) {
  return streamError(
    "TRIPLINE_STREAM_MOVED",
    `the log has moved: ${generation} is closed and goes on in ${moved_to ?? "another log"}. Start with the log that it moved to ` +
      "(TRIPLINE_LOG), or undo the move with `tripline log reopen` as long as nothing was written there",
  );
}
