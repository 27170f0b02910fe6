import { credentialId, MAX_NAME_CHARS } from "@tripline/events";

// biome-ignore lint/suspicious/noControlCharactersInRegex: replacing them is the point
const CONTROL = /[\u0000-\u001f\u007f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the fast way out for names that need nothing
const HAS_CONTROL = /[\u0000-\u001f\u007f]/;

/** A name from the wire as a record may hold it: no control characters, at most MAX_NAME_CHARS, absent when empty. */
export function printableName(value: string | undefined): string | undefined {
  if (value === undefined || value === "") return undefined;
  const cut = value.length > MAX_NAME_CHARS ? value.slice(0, MAX_NAME_CHARS) : value;
  return HAS_CONTROL.test(cut) ? cut.replace(CONTROL, "�") : cut;
}

/** A list of names as a record may hold it: at most `max`, empty ones left out. */
export function printableNames(values: readonly string[] | undefined, max: number): string[] | undefined {
  if (values === undefined || values.length === 0) return undefined;
  return values.slice(0, max).flatMap((value) => printableName(value) ?? []);
}

/** The credential if it has the form of a credential id. */
export function validCredential(value: string | undefined): string | undefined {
  return value !== undefined && credentialId.safeParse(value).success ? value : undefined;
}
