import {
  asBase64,
  asBase64AtOffsets,
  asUtf16,
  MAX_DASHES,
  optionDashes,
  withAllDashes,
  withByteOrderMark,
} from "./encodings.ts";
import { COMPARISONS, type SigmaValue, TIME_PARTS } from "./sigma-value.ts";
import { openPattern, plainText, type TextPart, type TextPattern } from "./text-pattern.ts";

/** What a modifier makes of one value, or what it expected instead. `before`: the modifiers applied already. */
type Modifier = (value: SigmaValue, before: readonly string[]) => SigmaValue | string;

type Text = Extract<SigmaValue, { kind: "text" }>;

/** For modifiers of texts: others are told so. */
function ofText(
  name: string,
  change: (value: Text, before: readonly string[]) => SigmaValue | string,
): Modifier {
  return (value, before) => {
    if (value.kind === "text") return change(value, before);
    const hint = value.kind === "number" || value.kind === "boolean" ? ", in quotes" : "";
    return `a text for \`${name}\`${hint}`;
  };
}

function opened(name: string, start: boolean, end: boolean): Modifier {
  return (value, before) => {
    if (value.kind === "regex") return { ...value, anchor: { start: !start, end: !end } };
    if (value.kind === "field")
      return { ...value, startsWith: value.startsWith || end, endsWith: value.endsWith || start };
    return ofText(name, (text) => ({ ...text, pattern: openPattern(text.pattern, start, end) }))(
      value,
      before,
    );
  };
}

function onPlain(name: string, change: (text: string) => SigmaValue | string): Modifier {
  return ofText(name, ({ pattern }) => {
    const plain = plainText(pattern);
    return plain === null ? `a text without wildcards for \`${name}\`` : change(plain);
  });
}

/** Changes the texts between wildcards. */
function onParts(name: string, change: (text: string) => string | null): Modifier {
  return ofText(name, (value) => {
    const parts: TextPart[] = [];
    for (const part of value.pattern) {
      const changed = typeof part === "string" ? change(part) : part;
      if (changed === null) return `ASCII characters for \`${name}\``;
      parts.push(changed);
    }
    return { ...value, pattern: parts };
  });
}

function text(plain: string, cased = false): SigmaValue {
  const pattern: TextPattern = plain === "" ? [] : [plain];
  return { kind: "text", pattern, cased };
}

function regexFlag(name: string, flag: "ignoreCase" | "multiline" | "dotAll"): Modifier {
  return (value) =>
    value.kind === "regex"
      ? { ...value, flags: { ...value.flags, [flag]: true } }
      : `\`${name}\` only after \`re\``;
}

const comparisons = COMPARISONS.map((comparison): [string, Modifier] => [
  comparison,
  (value) => {
    if (value.kind === "number") return { kind: "comparison", comparison, number: value.number, part: null };
    if (value.kind === "time")
      return { kind: "comparison", comparison, number: value.number, part: value.part };
    return `a number for \`${comparison}\``;
  },
]);

const timeParts = TIME_PARTS.map((part): [string, Modifier] => [
  part,
  (value) =>
    value.kind === "number" ? { kind: "time", part, number: value.number } : `a number for \`${part}\``,
]);

const NO_FLAGS = { ignoreCase: false, multiline: false, dotAll: false };

function wide(name: string): [string, Modifier] {
  return [name, onParts(name, (part) => asUtf16(part, "little"))];
}

/** Sigma's modifiers of single values; `all` and `neq` are about all values of a field and stand in `field-item.ts`. */
export const VALUE_MODIFIERS: ReadonlyMap<string, Modifier> = new Map<string, Modifier>([
  ["contains", opened("contains", true, true)],
  ["startswith", opened("startswith", false, true)],
  ["endswith", opened("endswith", true, false)],
  ["cased", ofText("cased", (value) => ({ ...value, cased: true }))],
  [
    "exists",
    (value, before) => {
      if (before.length > 0) return "`exists` without other modifiers before it";
      return value.kind === "boolean"
        ? { kind: "exists", exists: value.boolean }
        : "true or false for `exists`";
    },
  ],
  ["i", regexFlag("i", "ignoreCase")],
  ["ignorecase", regexFlag("ignorecase", "ignoreCase")],
  ["m", regexFlag("m", "multiline")],
  ["multiline", regexFlag("multiline", "multiline")],
  ["s", regexFlag("s", "dotAll")],
  ["dotall", regexFlag("dotall", "dotAll")],
  [
    "cidr",
    (value, before) => {
      if (before.length > 0) return "`cidr` without other modifiers before it";
      const network = value.kind === "text" ? plainText(value.pattern) : null;
      return network === null ? "a network such as 10.0.0.0/8 or fd00::/8" : { kind: "network", network };
    },
  ],
  ["base64", onPlain("base64", (plain) => text(asBase64(plain)))],
  [
    "base64offset",
    onPlain("base64offset", (plain) => ({
      kind: "alternatives",
      values: asBase64AtOffsets(plain).map((each) => text(each)),
    })),
  ],
  wide("wide"),
  wide("utf16le"),
  ["utf16be", onParts("utf16be", (part) => asUtf16(part, "big"))],
  [
    "utf16",
    (value, before) => {
      const changed = onParts("utf16", (part) => asUtf16(part, "little"))(value, before);
      if (typeof changed === "string" || changed.kind !== "text") return changed;
      const [first, ...others] = changed.pattern;
      const head: TextPart[] = [withByteOrderMark(typeof first === "string" ? first : "")];
      if (typeof first === "symbol") head.push(first);
      return { ...changed, pattern: [...head, ...others] };
    },
  ],
  [
    "windash",
    ofText("windash", (value) => {
      let dashes = 0;
      for (const part of value.pattern) if (typeof part === "string") dashes += optionDashes(part);
      if (dashes > MAX_DASHES) return `at most ${MAX_DASHES} dashes in a value of \`windash\``;
      let patterns: TextPart[][] = [[]];
      for (const part of value.pattern) {
        const texts: readonly TextPart[] = typeof part === "string" ? withAllDashes(part) : [part];
        patterns = patterns.flatMap((pattern) => texts.map((each): TextPart[] => [...pattern, each]));
      }
      return {
        kind: "alternatives",
        values: patterns.map((pattern) => ({ kind: "text", pattern, cased: value.cased })),
      };
    }),
  ],
  [
    "fieldref",
    ofText("fieldref", ({ pattern, cased }) => {
      const field = plainText(pattern);
      if (cased) return "`fieldref` without `cased`: fields are compared without regard to case";
      return field === null
        ? "the name of a field for `fieldref`"
        : { kind: "field", field, startsWith: false, endsWith: false };
    }),
  ],
  ...comparisons,
  ...timeParts,
]);

/** `re` reads the value as it is written, before wildcards are. */
export function regexOf(source: string): SigmaValue {
  return { kind: "regex", source, flags: NO_FLAGS, anchor: { start: false, end: false } };
}

/** Applies a modifier to a value, or to each of the values that one has become. @returns what was expected, where it does not apply */
export function modified(
  value: SigmaValue,
  modifier: Modifier,
  before: readonly string[],
): SigmaValue | string {
  if (value.kind !== "alternatives") return modifier(value, before);
  const values: SigmaValue[] = [];
  for (const each of value.values) {
    const changed = modified(each, modifier, before);
    if (typeof changed === "string") return changed;
    values.push(...(changed.kind === "alternatives" ? changed.values : [changed]));
  }
  return { kind: "alternatives", values };
}
