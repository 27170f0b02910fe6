/**
 * The detector: events in, alerts out, in two stages over the log. `services/standalone` runs it in a worker thread,
 * `main.ts` alone on Kafka; nothing else calls it.
 */

export { detectionKeys } from "./config.ts";
export { createDetector, type DetectorDeps } from "./detector.ts";
export { createDetectorWorker, type DetectorWorkerDeps } from "./detector-worker.ts";
export { loadRules, RuleDirectory, type RulePlaces } from "./rules/rule-directory.ts";
