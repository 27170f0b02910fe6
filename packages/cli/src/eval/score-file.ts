import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { LabelledTrace, TraceEvaluation } from "@tripline/detection";
import { TriplineError } from "@tripline/events";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";

const PROGRESS_EVERY_MS = 1000;

/**
 * Hands every trace of a file to the evaluation, line by line: the file may be larger than memory.
 * @param parse reads a line; `place` is `file:line`
 * @throws CommandFailed naming the file, TriplineError naming the line
 */
export async function scoreFile(
  path: string,
  evaluation: TraceEvaluation,
  parse: (line: string, place: string) => LabelledTrace,
  context: CommandContext,
): Promise<void> {
  if (!existsSync(path)) throw new CommandFailed(EXIT.usage, `no such file: ${path}`);
  const file = createReadStream(path);
  const input: Readable = path.endsWith(".gz") ? file.pipe(createGunzip()) : file;
  if (input !== file) file.on("error", (error) => input.destroy(error)); // pipe() passes no errors on
  let number = 0;
  let traces = 0;
  let told = performance.now();
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line.trim() === "") continue;
      evaluation.add(parse(line, `${path}:${number}`));
      traces += 1;
      if (context.width !== null && performance.now() - told > PROGRESS_EVERY_MS) {
        told = performance.now();
        context.err(`\r${traces} runs`);
      }
      context.signal.throwIfAborted();
    }
  } catch (cause) {
    if (cause instanceof TriplineError || context.signal.aborted) throw cause;
    throw new CommandFailed(
      EXIT.failure,
      `${path} can't be read after line ${number}: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  } finally {
    if (context.width !== null) context.err("\r");
  }
  if (traces === 0) throw new CommandFailed(EXIT.failure, `${path} holds no traces`);
}
