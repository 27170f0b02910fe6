import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ConnectedInterceptor } from "@tripline/interceptor";
import { type Command, InvalidArgumentError } from "commander";
import { resolveIngest } from "../connection/ingest.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { callerOf } from "../replay/caller.ts";
import { replay } from "../replay/replayer.ts";
import { readTools, readTraces, type Trace } from "../replay/trace-file.ts";
import { duration } from "../time/show.ts";
import { globals } from "./command.ts";
import { atLeast } from "./options.ts";

const CLOSE_TIMEOUT_MS = 60_000; // to send what is still in the spool

interface Options {
  speed: number;
  credential: string;
  principal?: string;
  limit?: number;
  parallel: number;
  tools?: string;
  keyFile?: string;
}

/** `tripline replay FILE`: recorded agent runs, as if they happened now. */
export function addReplay(program: Command, context: CommandContext): void {
  program
    .command("replay <file>")
    .summary("send recorded agent runs through Tripline as if they happened now")
    .description(
      "Replays traces (NDJSON, also gzipped; the form is in packages/cli/samples/README.md) through an interceptor: each " +
        "trace is a session, its suite is the server. {suite}, {model}, {user_task} and {trace} in --credential and " +
        "--principal are replaced by the trace's own.\n\n" +
        "Example: tripline replay traces.ndjson.gz --speed 10 --credential {suite}-agent",
    )
    .option("--speed <n>", "times as fast as it was, or max", parseSpeed, 1)
    .option("--credential <id>", "whose calls these are", "local:replay")
    .option("--principal <who>", "on whose behalf")
    .option("--parallel <n>", "traces at the same time", atLeast(1), 4)
    .option("--limit <n>", "only the first so many traces", atLeast(1))
    .option("--tools <file>", "what the servers list, by suite (default: tools.json beside the file)")
    .option(
      "--key-file <file>",
      "file with the ingest key (default: TRIPLINE_INGEST_KEY, else as the data directory says)",
    )
    .action(async (file: string, options: Options, command: Command) => {
      const ingest = resolveIngest({ ...globals(command), keyFile: options.keyFile }, context);
      const tools = options.tools ?? beside(file);
      const { connectInterceptor } = await import("@tripline/interceptor"); // late: costs each command 100 ms
      const interceptor = await connectInterceptor({
        ...ingest,
        onWarning: (warning) => context.err(`tripline: ${warning.message}\n`),
      });
      const began = performance.now();
      try {
        const counts = await replay(first(readTraces(file), options.limit ?? Number.POSITIVE_INFINITY), {
          interceptor,
          callerOf: callerOf(options, interceptor),
          runId: randomBytes(3).toString("hex"),
          speed: options.speed,
          parallel: options.parallel,
          tools: tools === null ? {} : readTools(tools),
          signal: context.signal,
        });
        await interceptor.close(CLOSE_TIMEOUT_MS);
        const seconds = (performance.now() - began) / 1000;
        report({ ...counts, seconds, ...losses(interceptor) }, globals(command).json === true, context);
      } finally {
        await interceptor.close(0);
      }
    });
}

function beside(file: string): string | null {
  const path = join(dirname(file), "tools.json");
  return existsSync(path) ? path : null;
}

async function* first(traces: AsyncIterable<Trace>, limit: number): AsyncGenerator<Trace> {
  let count = 0;
  for await (const trace of traces) {
    yield trace;
    count += 1;
    if (count >= limit) return;
  }
}

function losses(interceptor: ConnectedInterceptor): {
  records: number;
  dropped: number;
  not_accepted: number;
} {
  const { records, dropped, refused } = interceptor.stats();
  return {
    records,
    dropped: Object.values(dropped).reduce((sum, count) => sum + count, 0),
    not_accepted: refused,
  };
}

interface Report {
  traces: number;
  calls: number;
  refused: number;
  seconds: number;
  records: number;
  dropped: number;
  not_accepted: number;
}

function report(result: Report, json: boolean, context: CommandContext): void {
  if (json) printJson(context, [result]);
  else {
    context.out(
      `${result.calls} calls of ${result.traces} traces in ${duration(result.seconds * 1000)}, ${result.refused} refused\n`,
    );
  }
  const lost = result.dropped + result.not_accepted;
  if (lost > 0) {
    throw new CommandFailed(
      EXIT.failure,
      `${lost} of ${result.records} records were not taken (${result.dropped} dropped here)`,
    );
  }
}

function parseSpeed(text: string): number {
  if (text === "max") return Number.POSITIVE_INFINITY;
  const speed = Number(text);
  if (!(speed > 0) || !Number.isFinite(speed))
    throw new InvalidArgumentError("expected a number above 0, or max.");
  return speed;
}
