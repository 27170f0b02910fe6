import { textOf } from "./bytes.ts";

/** What a person asks about. Fields narrow what is counted and listed, never what is compared: who a gone record was of, nobody can say. */
export interface Selection {
  /** RFC 3339: sealed from this time on. */
  from?: string | undefined;
  /** RFC 3339: sealed before this time. */
  to?: string | undefined;
  where?: Where | undefined;
}

export const WHERE_FIELDS = {
  tenant: ["tenant"],
  type: ["type"],
  producer: ["producer", "id"],
  principal: ["actor", "principal"],
  agent: ["actor", "agent"],
  credential: ["actor", "credential"],
  session: ["session", "id"],
  server: ["target", "server"],
  tool: ["target", "tool"],
  outcome: ["call", "outcome"],
} as const satisfies Record<string, readonly string[]>;
export type WhereField = keyof typeof WHERE_FIELDS;
export type Where = Readonly<Partial<Record<WhereField, string>>>;

export function isWhereField(name: string): name is WhereField {
  return Object.hasOwn(WHERE_FIELDS, name);
}

/** Tells whether an envelope's bytes are asked about; null where everything is. */
export function matcherOf(where: Where = {}): ((envelope: Uint8Array) => boolean) | null {
  const wanted = Object.keys(WHERE_FIELDS)
    .filter(isWhereField)
    .flatMap((field) => {
      const value = where[field];
      return value === undefined ? [] : [{ path: WHERE_FIELDS[field], value }];
    });
  if (wanted.length === 0) return null;
  // Only what a text holds as such can be found before it is parsed: another way of writing the same is parsed always.
  const plain = wanted.map(({ value }) => value).filter((value) => /^[\w.:@ -]+$/.test(value));
  return (envelope) => {
    const text = textOf(envelope);
    if (!text.includes("\\") && !plain.every((value) => text.includes(value))) return false;
    const parsed = parseObject(text);
    return wanted.every(({ path, value }) => at(parsed, path) === value);
  };
}

/** An envelope's members; none where the bytes are no JSON object, as those of a changed row may be. */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

export function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((part, key) => (isObject(part) ? part[key] : undefined), value);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
