import type { Evidence } from "../evaluators/evidence.ts";
import type { Leaf } from "../output/leaf.ts";
import { leavesOf } from "../output/leaves-of.ts";
import type { CallValues, Value } from "./argument-values.ts";
import { ARGUMENT, FIELD, PROSE, Tape, WHO } from "./tape.ts";
import { hashOf } from "./token-scan.ts";

const MAX_TEXT_TOKENS = 8_192; // of a session: about 50 KB of text, 40 KB of memory
const MAX_SAID_TOKENS = 4_096; // what the agent said, of a session
const MAX_OUTPUT_TOKENS = 4_096; // of one output, so that a large one does not push out all before it
const MAX_LEAF_CHARS = 32 * 1024;
const MAX_OUTPUT_CHARS = 64 * 1024; // more than so many tokens take, also where most of it is JSON

const MAX_OPEN = 64; // calls of one session whose end is still to come
const MAX_SOURCES = 64; // calls that an alert can name as the one that brought the text

/** What is remembered of one session: hashes of what outputs brought in and of what the agent said. No text. */
export interface Session {
  texts: Tape;
  said: Tape;
  /** Calls seen so far. */
  calls: number;
  /** Indexes of calls that have begun, by their ids. */
  open: Map<string, number>;
  /** What an alert says of the calls whose texts are remembered. */
  sources: Map<number, Evidence>;
  /** What the agent took from where; newest last. */
  taken: Taken[];
}

/** Something that a call said and only one text had named. */
export interface Taken {
  /** Index of the call that brought the text. */
  call: number;
  record: number;
  /** Tokens from the record's beginning. */
  place: number;
}

const MAX_TAKEN = 64; // of one session: how many texts are worked through matters for the latest

export function noteTaken({ taken }: Session, each: Taken): void {
  taken.push(each);
  if (taken.length > MAX_TAKEN) taken.shift();
}

export function freshSession(): Session {
  return {
    texts: new Tape(MAX_TEXT_TOKENS),
    said: new Tape(MAX_SAID_TOKENS),
    calls: 0,
    open: new Map(),
    sources: new Map(),
    taken: [],
  };
}

/** What an output is from. */
export interface OutputSource {
  /** Index of its call. */
  call: number;
  tool: string;
  /** It tells why the call failed. */
  failed: boolean;
}

/** An output taken apart: once, however many sessions take it in. Segments are of call 0. */
export interface ScannedOutput {
  tape: Tape;
  /** Whether some of it is free text. */
  prose: boolean;
}

export function scanOutput(output: string): ScannedOutput {
  const tape = scratch;
  tape.clear();
  let left = MAX_OUTPUT_TOKENS;
  let prose = false;
  const leaves = leavesOf(output.length > MAX_OUTPUT_CHARS ? output.slice(0, MAX_OUTPUT_CHARS) : output);
  for (const [at, leaf] of leaves.entries()) {
    if (left <= 0) break;
    const kind = leaf.prose || isLineOfText(leaf, leaves[at - 1], leaves[at + 1]) ? PROSE : FIELD;
    const flags = kind === FIELD && SAYS_WHO.test(leaf.path.slice(-MAX_NAME_CHARS)) ? WHO : 0;
    left -= tape.add(leaf.text, MAX_LEAF_CHARS, left, { kind, call: 0, record: leaf.record, tool: 0 }, flags);
    prose ||= kind === PROSE;
  }
  return { tape: tape.copy(), prose };
}

/** What a field is called that says whose words stand beside it. */
const SAYS_WHO =
  /(?:^|[._ ])(?:from|sender|author|by|user|username|login|owner|creator|reporter|reviewer|writer|customer|posted_?by|created_?by|display_?name)(?:\.[a-z_]+){0,2}$/i;

const MAX_NAME_CHARS = 48; // of a path's end: the last names are looked at

const scratch = new Tape(MAX_OUTPUT_TOKENS); // room that is used again; nothing of it outlives a scan

/** Takes in what a call brought back. @returns how many tokens were dropped for lack of room */
export function learnOutput(
  session: Session,
  { tape }: ScannedOutput,
  { call, tool, failed }: OutputSource,
): number {
  session.texts.append(tape, call, failed ? hashOf(tool) : 0);
  return session.texts.makeRoom();
}

const LINE = /(?:^|\.)(?:line|text)$/;

/** A short line of a text that has sentences next to it: `Dear Ana,`, or the address that the sentence before speaks of. */
function isLineOfText(leaf: Leaf, before: Leaf | undefined, after: Leaf | undefined): boolean {
  if (!leaf.path.endsWith("line") && !leaf.path.endsWith("text")) return false;
  if (!LINE.test(leaf.path)) return false;
  const parent = leaf.path.replace(LINE, "");
  return [before, after].some(
    (other) =>
      other?.prose === true &&
      other.record === leaf.record &&
      LINE.test(other.path) &&
      other.path.replace(LINE, "") === parent,
  );
}

/** The record of what was said in a call that named a link: a page speaks to anybody. */
export const BY_LINK = 1;
/** The record of what was said in a call that named one thing by its id. */
export const BY_ID = 2;

/** Takes in what the agent says with a call that begins. @returns how many tokens were dropped for lack of room */
export function learnArguments(
  session: Session,
  { said, values }: Pick<CallValues, "said" | "values">,
  callId: string | null,
): number {
  const record = values.some(({ kind }) => kind === "url") ? BY_LINK : values.some(isId) ? BY_ID : 0;
  session.said.addHashes(said, { kind: ARGUMENT, call: session.calls, record, tool: 0 });
  if (callId !== null) {
    session.open.set(callId, session.calls);
    forgetOldest(session.open, MAX_OPEN);
  }
  session.calls += 1;
  return session.said.makeRoom();
}

/** What has a digit, a dot or a slash is an id or a path; words are what is looked for. */
function isId({ role, kind, text }: Value): boolean {
  return (
    role === "id" &&
    (kind === "word" || kind === "number" || kind === "phrase") &&
    /^\S*[\d./]\S*$/.test(text)
  );
}

/** The index of a call that ends. */
export function endedCall(session: Session, callId: string | null): number {
  const index = callId === null ? undefined : session.open.get(callId);
  if (callId !== null) session.open.delete(callId);
  return index ?? Math.max(0, session.calls - 1);
}

export function noteSource(session: Session, call: number, evidence: Evidence): void {
  session.sources.set(call, evidence);
  forgetOldest(session.sources, MAX_SOURCES);
}

function forgetOldest<K>(map: Map<K, unknown>, limit: number): void {
  if (map.size <= limit) return;
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
