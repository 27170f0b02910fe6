/**
 * What Tripline does about an alert: the policy that decides, the entries it signs, the notifiers that tell people.
 * One port for each kind of system, one file for each system behind it (`notifier.ts` <- `notifiers/`).
 * The responder and the CLI may import it; it knows nothing of the log, the store or any service.
 */

export * from "./approval.ts";
export * from "./duration.ts";
export * from "./guard-config.ts";
export * from "./http/index.ts";
export * from "./incident/index.ts";
export * from "./notification.ts";
export * from "./notifier.ts";
export * from "./notifiers/index.ts";
export * from "./policy.ts";
export * from "./response-config.ts";
export * from "./revoker.ts";
export * from "./revokers/index.ts";
export * from "./routing/index.ts";
export * from "./secret-place.ts";
export * from "./signing.ts";
export * from "./standard-webhooks.ts";
export { PLACEHOLDERS } from "./wording/values.ts";
