import { createLogger } from "./logging.ts";

const EXIT_FAILED = 1;

/**
 * From here until `startIsOver` an error that nobody handles (a `main.ts` that can't open its log) ends the process
 * with 1 and one line of the log, where Node would print the source around the `throw`.
 */
export function watchStart(): void {
  process.on("uncaughtException", endBecause);
}

/** `runParts` hears of errors from now on. */
export function startIsOver(): void {
  process.off("uncaughtException", endBecause);
}

function endBecause(error: unknown): void {
  createLogger({ service: "start" }).fatal({ err: error }, "can't start");
  process.exit(EXIT_FAILED);
}
