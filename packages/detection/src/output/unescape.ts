const SHORT: Readonly<Record<string, string>> = {
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
  let whole = "";
  let from = 0;
  for (; at >= 0; at = text.indexOf("\\", from)) {
    if (at > from) whole += text.slice(from, at);
    const sign = text.charCodeAt(at + 1);
    from = at + 2;
    if (sign === 110) whole += "\n";
    else if (sign === 34 || sign === 39 || sign === 92 || sign === 47) whole += text.charAt(at + 1);
    else {
      const digits = sign === 117 ? 4 : sign === 120 ? 2 : 0;
      const code = digits === 0 ? -1 : hexAt(text, from, digits);
      if (code >= 0) {
        whole += String.fromCharCode(code);
        from += digits;
      } else whole += SHORT[text.charAt(at + 1)] ?? text.charAt(at + 1);
    }
  }
  return from < text.length ? whole + text.slice(from) : whole;
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
