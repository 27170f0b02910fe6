import type { ConfigKey } from "./keys.ts";

/** A key's value from its text; null when the text can't be one. The schema checks what comes out. */
export function valueFromText(key: ConfigKey, text: string): { value: unknown } | null {
  switch (key.kind) {
    case "string":
      return { value: text };
    case "number":
      return text.trim() === "" || Number.isNaN(Number(text)) ? null : { value: Number(text) };
    case "boolean":
      return BOOLEANS.has(text) ? { value: BOOLEANS.get(text) } : null;
    case "list":
      return { value: text === "" ? [] : text.split(",").map((item) => item.trim()) };
  }
}

const BOOLEANS = new Map([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
]);
