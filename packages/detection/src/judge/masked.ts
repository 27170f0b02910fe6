import type { Value } from "./argument-values.ts";

const SHOWN_START = 4;
const SHOWN_END = 2;
const MIN_MASKED_CHARS = 9; // a shorter value would be nearly whole
const MAX_HOST_CHARS = 60;

/** A value as an alert may show it: enough to know it again in the evidence, not enough to use it. */
export function masked({ role, kind, text }: Value): string {
  if (role === "privilege") return "a new secret or right";
  if (kind === "email") {
    const at = text.indexOf("@");
    return `${text.slice(0, 1)}…${text.slice(at, at + MAX_HOST_CHARS)}`;
  }
  if (kind === "url") {
    const host = text.replace(/^[a-z0-9+.-]+:\/\//i, "").split(/[/?#]/, 1)[0] ?? "";
    return `${host.slice(0, MAX_HOST_CHARS)}${text.length > host.length ? "/…" : ""}`;
  }
  if (kind === "day" || kind === "clock" || kind === "number" || text.length < MIN_MASKED_CHARS) return text;
  if (kind === "account") return `${text.slice(0, SHOWN_START)}…${text.slice(-SHOWN_END)}`;
  return `“${text.slice(0, MAX_PHRASE_CHARS)}${text.length > MAX_PHRASE_CHARS ? "…" : ""}”`;
}

const MAX_PHRASE_CHARS = 40;
