import { createRedactor, credentialId } from "@tripline/events";
import { CommandFailed, EXIT } from "../exit.ts";

const detector = createRedactor({ id: "none", key: "0".repeat(64) }); // only asked whether it would replace something

/**
 * A credential id as typed; one without a scheme is `local:`. It is an id, never a secret: what looks like one is refused.
 * @throws CommandFailed that does not repeat what was typed
 */
export function parseCredential(text: string): string {
  const id = /^(local|key|grant):/.test(text) ? text : `local:${text}`;
  const parsed = credentialId.safeParse(id);
  if (!parsed.success) {
    const expected = parsed.error.issues[0]?.message ?? "not an id";
    throw new CommandFailed(EXIT.usage, `--credential: ${expected}. It is an id, never a secret`);
  }
  const parts = parsed.data.split(/[:/]/);
  if (parts.some((part) => detector.redactText(part).value !== part)) {
    throw new CommandFailed(
      EXIT.usage,
      "--credential: this looks like a secret. Give an id for it, any name; the key itself stays where it is",
    );
  }
  return parsed.data;
}
