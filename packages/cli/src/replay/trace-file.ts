import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { z } from "zod";
import { CommandFailed, EXIT } from "../exit.ts";

/** One run of an agent: its calls in order. See `packages/cli/samples/README.md` for the form. */
const traceSchema = z.looseObject({
  trace: z.string().min(1),
  suite: z.string().min(1),
  model: z.string().optional(),
  user_task: z.string().optional(),
  label: z.string().optional(),
  calls: z.array(
    z.looseObject({
      tool: z.string().min(1),
      args: z.unknown(),
      output: z.string().nullable(),
      error: z.string().nullable().optional(),
    }),
  ),
});
export type Trace = z.infer<typeof traceSchema>;

/** The traces of a file, NDJSON or gzipped NDJSON, one after the other. @throws CommandFailed naming the wrong line */
export async function* readTraces(path: string): AsyncGenerator<Trace> {
  if (!existsSync(path)) throw new CommandFailed(EXIT.usage, `no such file: ${path}`);
  const file = createReadStream(path);
  const input: Readable = path.endsWith(".gz") ? file.pipe(createGunzip()) : file;
  if (input !== file) file.on("error", (error) => input.destroy(error)); // pipe() passes no errors on
  let number = 0;
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line.trim() !== "") yield parseTrace(line, path, number);
    }
  } catch (cause) {
    if (cause instanceof CommandFailed) throw cause;
    throw new CommandFailed(EXIT.failure, `${path} can't be read after line ${number}`, cause);
  }
}

function parseTrace(line: string, path: string, number: number): Trace {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw new CommandFailed(EXIT.failure, `${path}:${number} is not JSON`, cause);
  }
  const parsed = traceSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CommandFailed(
    EXIT.failure,
    `${path}:${number} is no trace: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
  );
}

const toolsSchema = z.record(z.string(), z.array(z.looseObject({ name: z.string() })));
export type ToolsBySuite = z.infer<typeof toolsSchema>;

/** What each suite's server would list. @throws CommandFailed */
export function readTools(path: string): ToolsBySuite {
  try {
    return toolsSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new CommandFailed(EXIT.failure, `${path} is no list of tools by suite`, cause);
  }
}
