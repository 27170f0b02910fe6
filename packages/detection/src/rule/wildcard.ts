/**
 * Sigma's value matching: `*` any characters, `?` one, `\` before them takes them literally. Linear in the text for
 * what rules use (exact, prefix, suffix, part); other patterns are matched greedily from the left with one way back.
 */
export function wildcardTest(
  before: "" | "*",
  value: string,
  after: "" | "*",
  cased: boolean,
): (text: string) => boolean {
  const fold = cased ? (text: string) => text : (text: string) => text.toLowerCase();
  const glob = parse(fold(value));
  const inner = glob.every((each) => typeof each === "string") ? glob.join("") : null;
  if (inner !== null) {
    if (before === "*" && after === "*") return (text) => fold(text).includes(inner);
    if (before === "*") return (text) => fold(text).endsWith(inner);
    if (after === "*") return (text) => fold(text).startsWith(inner);
    return (text) => text.length === inner.length && fold(text) === inner;
  }
  const any: Glob[] = [ANY];
  const whole = [...(before === "" ? [] : any), ...glob, ...(after === "" ? [] : any)];
  return (text) => matches(whole, fold(text));
}

const ANY: unique symbol = Symbol("any");
const ONE: unique symbol = Symbol("one");
type Glob = string | typeof ANY | typeof ONE;

function parse(value: string): Glob[] {
  const parts: Glob[] = [];
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at] ?? "";
    const next = value[at + 1];
    if (char === "\\" && (next === "*" || next === "?" || next === "\\")) {
      parts.push(next);
      at += 1;
    } else parts.push(char === "*" ? ANY : char === "?" ? ONE : char);
  }
  return parts;
}

function matches(glob: readonly Glob[], text: string): boolean {
  let at = 0;
  let part = 0;
  let lastAny = -1;
  let resume = 0;
  while (at < text.length) {
    const wanted = glob[part];
    if (wanted === ANY) {
      lastAny = part;
      resume = at;
      part += 1;
    } else if (wanted === ONE || wanted === text[at]) {
      part += 1;
      at += 1;
    } else if (lastAny >= 0) {
      part = lastAny + 1;
      resume += 1;
      at = resume;
    } else return false;
  }
  while (glob[part] === ANY) part += 1;
  return part === glob.length;
}
