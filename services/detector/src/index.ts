/**
 * The detector: events in, alerts out, in two stages over the log. `services/standalone` runs it in a worker thread,
 * `main.ts` alone on Kafka; nothing else calls it.
 */
export { createDetector, type DetectorDeps } from "./detector.ts";
export { loadRules } from "./load-rules.ts";
