import { createRedactor, type Redactor, TriplineError } from "@tripline/events";
import type { RedactionKeys } from "./redaction-keys.ts";

/** What people type into filters, paths and reasons is redacted like what agents send, with the key of their tenant. */
export async function redactorOf(secrets: RedactionKeys, tenant: string): Promise<Redactor> {
  const { current, keys } = await secrets.of(tenant);
  const key = keys.find(({ id }) => id === current);
  if (key === undefined) {
    throw new TriplineError("TRIPLINE_REDACTION_KEYS", "the tenant has no current redaction key");
  }
  return createRedactor(key);
}

/**
 * Whether a part of an id (`key:issuer/id`) is recognised as a secret. An id can't be redacted, since it is compared;
 * part by part, since `local:secret:a` is a name and no assignment.
 */
export function looksSecret(redactor: Redactor, id: string): boolean {
  return id.split(/[:/]/).some((part) => redactor.redactText(part).value !== part);
}
