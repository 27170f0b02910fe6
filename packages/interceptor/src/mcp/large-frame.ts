import type { CallEnd } from "../interceptor.ts";
import type { RequestId } from "./json-rpc.ts";

/**
 * Reads the answer in a frame that is too large to be parsed, from its two ends. Only forms that leave no doubt count:
 * the frame begins with the member `result`, or with `jsonrpc`, `id`, `result`, and ends accordingly. As the frame's
 * last brace closes its outermost object, what stands right before it belongs to that object and not to a tool's data.
 */

export const LARGE_FRAME_BYTES = 256 * 1024; // above, parsing costs milliseconds
export const HEAD_BYTES = 192 * 1024; // more than a payload keeps of a result
export const TAIL_BYTES = 1024;

const ID = String.raw`(-?\d{1,16}|"(?:[^"\\]|\\.){0,256}")`;
/** SDKs for TypeScript: the result first. */
const RESULT_FIRST_HEAD = /^\s*\{"result":\{/;
const RESULT_FIRST_TAIL = new RegExp(String.raw`(\})?,"jsonrpc":"2\.0","id":${ID}\}\s*$`);
/** SDKs for Python and others: the result last. */
const RESULT_LAST_HEAD = new RegExp(String.raw`^\s*\{"jsonrpc":"2\.0","id":${ID},"result":\{`);
const RESULT_LAST_TAIL = /\}\}\s*$/;
const ERROR_FLAG_TAIL = new RegExp(String.raw`,"isError":true\}(?:,"jsonrpc":"2\.0","id":${ID})?\}\s*$`);
const ERROR_FLAG_HEAD = /"result":\{"isError":true,/;
const FIRST_TEXT = /"content":\[\{"type":"text","text":"/;

/** The id it answers and how the call ended, or null when the frame has to be parsed. */
export function scanLargeFrame(
  head: string,
  tail: string,
  bytes: number,
): { id: RequestId; end: CallEnd } | null {
  const id = idOf(head, tail);
  if (id === null) return null;
  const isError = ERROR_FLAG_TAIL.test(tail) || ERROR_FLAG_HEAD.test(head);
  return {
    id,
    end: { outcome: isError ? "tool_error" : "ok", text: headText(head), bytes, items: 1, partial: true },
  };
}

function idOf(head: string, tail: string): RequestId | null {
  const last = RESULT_LAST_HEAD.exec(head);
  if (last?.[1] !== undefined) return RESULT_LAST_TAIL.test(tail) ? (JSON.parse(last[1]) as RequestId) : null;
  if (!RESULT_FIRST_HEAD.test(head)) return null;
  const match = RESULT_FIRST_TAIL.exec(tail);
  return match?.[2] !== undefined && match[1] !== undefined ? (JSON.parse(match[2]) as RequestId) : null;
}

/** The beginning of the first text content, unescaped; else the raw beginning. */
function headText(head: string): string {
  const start = FIRST_TEXT.exec(head);
  if (start === null) return head;
  const from = start.index + start[0].length;
  const end = endOfString(head, from);
  try {
    return JSON.parse(`"${head.slice(from, end)}"`) as string;
  } catch {
    return head; // the cut went through an escape or a multi-byte character
  }
}

/** Where the JSON string that starts at `from` ends, or the last place where it can be cut. */
function endOfString(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (text[at] === '"') return at;
    const step = text[at] !== "\\" ? 1 : text[at + 1] === "u" ? 6 : 2;
    if (at + step > text.length) return at;
    at += step;
  }
  return at;
}
