import { keyedHash, REDACTION_TOKEN, type RedactionKey, redactionToken } from "./keyed-hash.ts";
import { isSecretName, replaceSecrets } from "./secret-patterns.ts";

export const MAX_DEPTH = 64; // deeper JSON is cut: no tool's arguments go there, and recursion must end
const CUT_DEEP = "⟨cut:depth⟩";
const NAME_CACHE_SIZE = 4096; // property names seen; cleared when full
const MIN_SECRET_CHARS = 4; // the shortest form any pattern recognises in a text

export interface Redacted<T> {
  value: T;
  /** How many values of each kind were replaced. */
  redactions: Record<string, number>;
  /** True when something below MAX_DEPTH was cut. */
  cut: boolean;
}

/** Replaces secrets by tokens, before anything leaves the process. Pure; redacting twice changes nothing more. */
export interface Redactor {
  readonly key: RedactionKey;
  /** Any JSON value: secret-named properties lose their scalars, all text its recognised secrets. */
  redact(value: unknown): Redacted<unknown>;
  redactText(text: string): Redacted<string>;
}

interface PropertyName {
  /** As it is shown. */
  text: string;
  /** Whether its value is a secret. */
  secret: boolean;
}

export function createRedactor(key: RedactionKey): Redactor {
  const names = new Map<string, PropertyName>();
  let redactions: Record<string, number> = {};
  let cut = false;

  function token(kind: string, secret: string): string {
    redactions[kind] = (redactions[kind] ?? 0) + 1;
    return redactionToken(key, kind, secret);
  }

  /** What is known of a property's name. One that holds a secret itself is not remembered, so that its token is counted. */
  function nameOf(property: string): PropertyName {
    const known = names.get(property);
    if (known !== undefined) return known;
    const made = { text: text(property, false), secret: isSecretName(property) };
    if (made.text === property) {
      if (names.size >= NAME_CACHE_SIZE) names.clear();
      names.set(property, made);
    }
    return made;
  }

  function text(value: string, secret: boolean): string {
    if (secret && value !== "") return REDACTION_TOKEN.test(value) ? value : token("secret", value);
    return value.length < MIN_SECRET_CHARS ? value : replaceSecrets(value, token);
  }

  function walk(value: unknown, secret: boolean, depth: number): unknown {
    if (typeof value === "string") return text(value, secret);
    if (typeof value === "number" || typeof value === "bigint")
      return secret ? token("secret", String(value)) : value;
    if (value === null || typeof value !== "object") return value;
    if (depth >= MAX_DEPTH) {
      cut = true;
      return CUT_DEEP;
    }
    if (Array.isArray(value)) return value.map((item) => walk(item, secret, depth + 1));
    const copy: Record<string, unknown> = {};
    for (const [property, member] of Object.entries(value)) {
      const { text: name, secret: secretName } = nameOf(property);
      const redacted = walk(member, secret || secretName, depth + 1);
      if (name === "__proto__") Object.defineProperty(copy, name, { value: redacted, enumerable: true });
      else copy[name] = redacted;
    }
    return copy;
  }

  function collect<T>(work: () => T): Redacted<T> {
    redactions = {};
    cut = false;
    return { value: work(), redactions, cut };
  }

  return {
    key,
    redact: (value) => collect(() => walk(value, false, 0)),
    redactText: (value) => collect(() => text(value, false)),
  };
}

/** Keyed digest of a call's arguments as given, for "the same call again": see Payload.args_digest. */
export function argsDigest(key: RedactionKey, argsText: string): string {
  return keyedHash(key, argsText, 32);
}
