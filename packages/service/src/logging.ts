import { isatty } from "node:tty";
import { destination, type LevelWithSilent, type Logger, pino, stdSerializers } from "pino";
import { prettyLines } from "./pretty-lines.ts";

export const LOG_LEVELS = [
  "fatal",
  "error",
  "warn",
  "info",
  "debug",
  "trace",
  "silent",
] as const satisfies readonly LevelWithSilent[];
export type LogLevel = (typeof LOG_LEVELS)[number];

const STDERR = 2; // by its number: in a worker thread process.stderr does not know that it is a terminal
const MIN_WRITE_BYTES = 1; // each line at once; with 0, pino's default, `flush` does not wait for the line that is being written

// Last line of defence: nothing should hand these to the logger in the first place.
const SECRET_NAMES = ["authorization", "cookie", "token", "key", "secret", "password", "signature"];
const REDACTED_PATHS = SECRET_NAMES.flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
  `*.headers["${name}"]`,
]);

/** What a logger writes to: one JSON line a call. */
export interface LineSink {
  write(line: string): void;
}

/**
 * A logger that writes JSON lines to standard error, or readable lines when that is a terminal. Standard output stays
 * free for what the program itself says. Logs hold ids and counts; never arguments, results, names or other captured text.
 */
export function createLogger(options: { service: string; level?: LogLevel; sink?: LineSink }): Logger {
  const sink =
    options.sink ??
    (isatty(STDERR)
      ? prettyLines(process.stderr)
      : destination({ fd: STDERR, sync: false, minLength: MIN_WRITE_BYTES }));
  return pino(
    {
      level: options.level ?? "info",
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED_PATHS, censor: "[redacted]" },
      serializers: { err: stdSerializers.errWithCause, error: stdSerializers.errWithCause },
    },
    sink,
  );
}
