const SHORT: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  "0": "\0",
  "\n": "",
};

/** A quoted string's content as JSON, Python and JavaScript escape it; what is no escape stays as it is. */
export function unescaped(text: string): string {
  let at = text.indexOf("\\");
  if (at < 0) return text;
  const pieces: string[] = [];
  let from = 0;
  for (; at >= 0; at = text.indexOf("\\", from)) {
    pieces.push(text.slice(from, at));
    const sign = text.charAt(at + 1);
    const digits = sign === "u" ? 4 : sign === "x" ? 2 : 0;
    const code = digits === 0 ? -1 : hexAt(text, at + 2, digits);
    if (code >= 0) {
      pieces.push(String.fromCharCode(code));
      from = at + 2 + digits;
    } else {
      pieces.push(SHORT[sign] ?? sign);
      from = at + 1 + Math.max(sign.length, 1);
    }
  }
  pieces.push(text.slice(from));
  return pieces.join("");
}

/** The number that `digits` hex digits stand for, or -1. */
function hexAt(text: string, from: number, digits: number): number {
  let code = 0;
  for (let at = from; at < from + digits; at += 1) {
    const digit = Number.parseInt(text.charAt(at), 16);
    if (Number.isNaN(digit)) return -1;
    code = code * 16 + digit;
  }
  return code;
}
