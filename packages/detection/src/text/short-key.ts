import { hash } from "node:crypto";

const MAX_KEY_CHARS = 512; // a credential fits; what is longer is captured text that must not fill the keys of a map
const SLOTS = 8;
const texts = new Array<string>(SLOTS).fill(""); // a pure function's memory: it changes speed and nothing else
const keys = new Array<string>(SLOTS).fill("");

/** The text itself, or its hash when it is long. */
export function shortKey(text: string): string {
  if (text.length <= MAX_KEY_CHARS) return text;
  const slot = text.length % SLOTS; // many groups of one record are named by the same few texts
  if (texts[slot] !== text) {
    keys[slot] = `sha256:${hash("sha256", text, "base64url")}`;
    texts[slot] = text;
  }
  return keys[slot] ?? "";
}
