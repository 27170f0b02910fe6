/**
 * Alerts in, signed revocations and notifications out. The only part that writes revocations.
 * `services/standalone` composes it; `main.ts` runs it alone on Kafka.
 */
export * from "./responder.ts";
