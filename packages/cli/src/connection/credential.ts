import { credentialId } from "@tripline/events";
import { InvalidArgumentError } from "commander";

/** A credential id as typed: one without a scheme is `local:`. It is an id, never a secret. */
export function parseCredential(text: string): string {
  const id = /^(local|key|grant):/.test(text) ? text : `local:${text}`;
  const parsed = credentialId.safeParse(id);
  if (!parsed.success) {
    // The value is not repeated: somebody may have typed a secret.
    throw new InvalidArgumentError(
      `${parsed.error.issues[0]?.message ?? "not an id"}. It is an id, never a secret.`,
    );
  }
  return parsed.data;
}
