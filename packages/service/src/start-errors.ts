import { createLogger } from "./logging.ts";
import { endingFacts, sayWhy } from "./say-why.ts";

const EXIT_FAILED = 1;

/**
 * From here until `startIsOver` an error that nobody handles (a `main.ts` that can't open its log) ends the process
 * with 1, one line of the log and, when it is one of ours, the sentence that says what to do, where Node would print the source around the `throw`.
 */
export function watchStart(): void {
  process.on("uncaughtException", endBecause);
}

/** `runParts` hears of errors from now on. */
export function startIsOver(): void {
  process.off("uncaughtException", endBecause);
}

function endBecause(error: unknown): void {
  const logger = createLogger({ service: "start" });
  logger.fatal(endingFacts(error), "can't start");
  void sayWhy(error, logger).finally(() => process.exit(EXIT_FAILED));
}
