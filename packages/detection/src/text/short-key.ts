import { hash } from "node:crypto";

const MAX_KEY_CHARS = 512; // a credential fits; what is longer is captured text that must not fill the keys of a map

/** The text itself, or its hash when it is long. */
export function shortKey(text: string): string {
  return text.length > MAX_KEY_CHARS ? `sha256:${hash("sha256", text, "base64url")}` : text;
}
