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
const RESULT_FIRST_TAIL = new RegExp(String.raw`\},"jsonrpc":"2\.0","id":${ID}\}\s*$`);
/** SDKs for Python and others: the result last. */
const RESULT_LAST_HEAD = new RegExp(String.raw`^\s*\{"jsonrpc":"2\.0","id":${ID},"result":\{`);
const RESULT_LAST_TAIL = /\}\}\s*$/;
const ERROR_FLAG_TAIL = new RegExp(String.raw`,"isError":true\}(?:,"jsonrpc":"2\.0","id":${ID})?\}\s*$`);
const ERROR_FLAG_HEAD = /"result":\{"isError":true,/;
const FIRST_TEXT = /"content":\[\{"type":"text","text":"/;

export interface LargeAnswer {
  id: RequestId;
  outcome: "ok" | "tool_error";
  /** The beginning of the result's text. */
  text: string;
  /** Where in the frame the result's JSON begins and ends, in bytes. */
  from: number;
  to: number;
}

/** What it answers and how the call ended, or null when the frame has to be parsed. */
export function scanLargeFrame(head: string, tail: string, bytes: number): LargeAnswer | null {
  const found = resultLast(head, tail) ?? resultFirst(head, tail);
  if (found === null) return null;
  const isError = ERROR_FLAG_TAIL.test(tail) || ERROR_FLAG_HEAD.test(head);
  return {
    id: JSON.parse(found.id) as RequestId,
    outcome: isError ? "tool_error" : "ok",
    text: headText(head),
    from: Buffer.byteLength(found.before),
    to: bytes - Buffer.byteLength(found.behind),
  };
}

/** The id's JSON, and what stands before and behind the result. */
interface Wrapping {
  id: string;
  before: string;
  behind: string;
}

function resultLast(head: string, tail: string): Wrapping | null {
  const begin = RESULT_LAST_HEAD.exec(head);
  const end = RESULT_LAST_TAIL.exec(tail);
  if (begin?.[1] === undefined || end === null) return null;
  return { id: begin[1], before: begin[0].slice(0, -1), behind: end[0].slice(1) };
}

function resultFirst(head: string, tail: string): Wrapping | null {
  const begin = RESULT_FIRST_HEAD.exec(head);
  const end = RESULT_FIRST_TAIL.exec(tail);
  if (begin === null || end?.[1] === undefined) return null;
  return { id: end[1], before: begin[0].slice(0, -1), behind: end[0].slice(1) };
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
