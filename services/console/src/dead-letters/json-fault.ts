/** Where a text stops being JSON. */
export interface JsonFault {
  /** Index of the character (UTF-16) that can't be there; the text's length when it ends too early. */
  index: number;
  /** What could have stood there. Holds nothing of the text. */
  expected: string;
}

type Expecting = "value" | "value or ]" | "key or }" | "key" | "colon" | "comma or end";

const LITERALS = ["true", "false", "null"];
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPES = '"\\/bfnrt';

/** The first fault, or null where `JSON.parse` takes the text. Uses no stack, however deep the text is nested. */
export function jsonFault(text: string): JsonFault | null {
  const open: ("{" | "[")[] = [];
  let expecting: Expecting = "value";
  let at = 0;
  const fault = (expected: string, index = at): JsonFault => ({ index, expected });
  for (;;) {
    while (at < text.length && " \t\n\r".includes(text.charAt(at))) at++;
    const inside = open.at(-1);
    if (at >= text.length) {
      if (expecting === "comma or end" && inside === undefined) return null;
      return fault(`more text: it ends where ${words(expecting, inside)} should follow`);
    }
    const char = text.charAt(at);
    const wantsKey: boolean = expecting === "key" || expecting === "key or }";
    if (expecting === "comma or end") {
      if (inside === undefined) return fault("the end of the text");
      if (char === ",") expecting = inside === "{" ? "key" : "value";
      else if (char === (inside === "{" ? "}" : "]")) open.pop();
      else return fault(words(expecting, inside));
      at++;
    } else if (expecting === "colon") {
      if (char !== ":") return fault("a colon");
      expecting = "value";
      at++;
    } else if (char === "}" && expecting === "key or }") {
      open.pop();
      expecting = "comma or end";
      at++;
    } else if (char === "]" && expecting === "value or ]") {
      open.pop();
      expecting = "comma or end";
      at++;
    } else if (char === '"') {
      const end = stringEnd(text, at);
      if (typeof end !== "number") return end;
      at = end;
      expecting = wantsKey ? "colon" : "comma or end";
    } else if (wantsKey) {
      return fault(words(expecting, inside));
    } else if (char === "{" || char === "[") {
      open.push(char);
      expecting = char === "{" ? "key or }" : "value or ]";
      at++;
    } else {
      const length = scalarLength(text, at);
      if (length === 0) return fault(words(expecting, inside));
      at += length;
      expecting = "comma or end";
    }
  }
}

function words(expecting: Expecting, inside: "{" | "[" | undefined): string {
  if (expecting === "comma or end") return inside === "{" ? "a comma or }" : "a comma or ]";
  if (expecting === "key") return "a key in quotation marks";
  if (expecting === "key or }") return "a key in quotation marks or }";
  if (expecting === "value or ]") return "a value or ]";
  return expecting === "colon" ? "a colon" : "a value";
}

function scalarLength(text: string, at: number): number {
  const literal = LITERALS.find((each) => text.startsWith(each, at));
  if (literal !== undefined) return literal.length;
  NUMBER.lastIndex = at;
  return NUMBER.exec(text)?.[0].length ?? 0;
}

/** Behind the closing mark, or what is wrong inside. */
function stringEnd(text: string, from: number): number | JsonFault {
  for (let at = from + 1; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '"') return at + 1;
    if (char < " ") return { index: at, expected: "an escaped control character in the text" };
    if (char !== "\\") continue;
    at++;
    const escaped = text.charAt(at);
    if (escaped === "u") {
      if (!/^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5)))
        return { index: at, expected: "four hex digits behind \\u" };
      at += 4;
    } else if (escaped === "" || !ESCAPES.includes(escaped)) {
      return { index: at, expected: "an escape that JSON knows" };
    }
  }
  return { index: text.length, expected: "the closing quotation mark of a text" };
}
