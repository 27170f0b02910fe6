import type { Leaves } from "./leaf.ts";
import { readLiteral } from "./literal.ts";
import { readPlainText } from "./plain-text.ts";

const ENVELOPE =
  /\s{0,64}\{(?:\s{0,8}"(?:jsonrpc|id|isError|_meta)"\s{0,8}:\s{0,8}(?:"[^"]{0,64}"|\{\}|[\w.]{1,32})\s{0,8},){0,4}\s{0,8}"(?:content|structuredContent|result)"\s{0,8}:\s{0,8}[[{]/y;
const CONTENT_TEXT = /^(?:result\.)?content\.\d{1,4}\.(?:text|resource\.text)$/;

/**
 * An MCP result as it is on the wire: each of its text contents is an output of its own, which may be JSON again.
 * @returns false when the output is none; nothing is read then
 */
export function readEnvelope(text: string, into: Leaves): boolean {
  ENVELOPE.lastIndex = 0;
  if (!ENVELOPE.test(text)) return false;
  const end = readLiteral(
    text,
    0,
    into,
    (value, path, prose) => readPlainText(value, into, path, prose ? "prose" : "lines"),
    "",
    {
      isOutput: (path) => CONTENT_TEXT.test(path),
      read: (value) => {
        into.record = into.newRecord();
        readPlainText(value, into);
      },
    },
  );
  if (end < 0) return false;
  const rest = text.slice(end);
  if (rest.trim() !== "") readPlainText(rest, into);
  return true;
}
