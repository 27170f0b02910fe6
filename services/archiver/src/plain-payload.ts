import { CAPTURE_LEVELS, type Payload } from "@tripline/events";

/**
 * A hand-written check for the payloads that nearly all records have. It is stricter than the schema, never laxer (a
 * property test holds it to that). What it refuses is left to the schema.
 */
export function isPlainPayload(value: unknown): value is Payload {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  for (const [key, member] of Object.entries(value)) {
    if (!CHECKS.get(key)?.(member)) return false;
  }
  return "salt" in value;
}

const SALT = /^[0-9a-f]{32}$/;
const isText = (value: unknown) => typeof value === "string";

const CHECKS = new Map<string, (value: unknown) => boolean>([
  ["salt", (value) => typeof value === "string" && SALT.test(value)],
  ["capture", (value) => CAPTURE_LEVELS.some((level) => level === value)],
  ["args", () => true],
  ["args_digest", isText],
  ["result", isText],
  ["error", isText],
  ["names", isNames],
]);

function isNames(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !Object.hasOwn(value, "__proto__") && Object.values(value).every(isText);
}
