import { partsOf, type Value } from "./argument-values.ts";
import { carriesOutput } from "./carried-output.ts";
import type { JudgedCall } from "./judged-call.ts";
import { type Contribution, POINTS, type Verdict } from "./points.ts";
import { has, sentencesOf } from "./sentences.ts";
import type { Session } from "./session.ts";
import { FIELD, PROSE, type Tape } from "./tape.ts";
import { hashOf, hostOf, normalisedUrl } from "./token-scan.ts";

/**
 * Targets that no output holds as a whole because the agent put them together: an address that was spelled out (`mark dot
 * black at …`), and a link whose host a text named and into which something else that was read was put.
 */
export function judgeAssembled(session: Session, call: JudgedCall, acts: boolean): Verdict | null {
  let best: Verdict | null = null;
  for (const value of call.values.values) {
    const verdict =
      value.kind === "email" && acts && value.role === "destination"
        ? spelledOut(session, call, value)
        : value.kind === "url" && (value.role === "link" || value.role === "destination")
          ? filledLink(session, value)
          : null;
    if (verdict !== null && (best === null || verdict.total > best.total)) best = verdict;
  }
  return best;
}

const MAX_BETWEEN = 3; // tokens between the parts of an address that is spelled out
const SPELLED = new Set(["dot", "at", "punkt", "point", "arobase"].map(hashOf));
const MIN_PARTS = 3;

function spelledOut(session: Session, call: JudgedCall, value: Value): Verdict | null {
  const [hash] = value.hashes;
  const [local = "", domain = ""] = value.text.toLowerCase().split("@");
  const ends = domain.split(".");
  // `mark dot black at …`, and `mark.black at …`: the name may be one word.
  const ways = [
    [...local.split("."), ...ends],
    [local, ...ends],
  ].map((parts) => parts.map(hashOf));
  const tape = session.texts;
  if (hash === undefined || ends.length + 1 < MIN_PARTS) return null;
  if (has(tape, 0, tape.length, hash) || wasSaid(session, hash)) return null;
  for (const [index, { kind, start, call: source }] of tape.segments.entries()) {
    if (kind !== PROSE) continue;
    const end = tape.endOf(index);
    for (let at = start; at < end; at += 1) {
      if (!ways.some(([first]) => first === tape.hashes[at])) continue;
      const last = Math.max(...ways.map((each) => spelledEnd(tape, at, end, each)));
      if (last < 0) continue;
      const found: Contribution[] = [{ name: "dest_assembled", points: POINTS.dest_assembled }];
      const sentence = sentencesOf(tape, start, end).find(({ from, to }) => from <= last && at < to);
      if (sentence !== undefined && (sentence.classes & call.words.classes) !== 0)
        found.push({ name: "action_sentence", points: POINTS.action_sentence });
      if (call.grave) found.push({ name: "irreversible", points: POINTS.irreversible });
      if (carriesOutput(session, call, index))
        found.push({ name: "carries_output", points: POINTS.carries_output });
      return verdictOf(found, source, [value]);
    }
  }
  return null;
}

function spelledEnd(tape: Tape, at: number, end: number, parts: readonly number[]): number {
  if (tape.hashes[at] !== parts[0]) return -1;
  let place = at;
  let spelled = false;
  let joined = true; // by signs alone: `mark[@]black[.]example`
  for (const part of parts.slice(1)) {
    let next = place + 1;
    const stop = Math.min(end, place + 2 + MAX_BETWEEN);
    while (next < stop && tape.hashes[next] !== part) {
      spelled ||= SPELLED.has(tape.hashes[next] ?? 0);
      joined = false;
      next += 1;
    }
    if (next >= stop) return -1;
    place = next;
  }
  return spelled || joined ? place : -1;
}

const MIN_CARRIED_CHARS = 5;
const MIN_PLAIN_CHARS = 6; // of a word without digits: shorter ones are in links by chance

function filledLink(session: Session, value: Value): Verdict | null {
  const [hash] = value.hashes;
  const tape = session.texts;
  if (hash === undefined || has(tape, 0, tape.length, hash)) return null;
  const url = normalisedUrl(value.text);
  const host = hostOf(url);
  const parts = partsOf(url.slice(host.length)).filter((part) => part.length >= MIN_CARRIED_CHARS);
  if (parts.length === 0 || wasSaid(session, hashOf(host))) return null;
  const source = onlyProseWith(tape, hashOf(host));
  if (source === null) return null;
  const own = tape.segments[source];
  const end = tape.endOf(source);
  let points = 0;
  for (const part of parts) {
    const word = hashOf(part);
    if (own === undefined || has(tape, own.start, end, word) || wasSaid(session, word)) continue;
    const elsewhere = tape.segments.some(
      (segment, index) =>
        !(segment.call === own.call && segment.record === own.record) &&
        has(tape, segment.start, tape.endOf(index), word),
    );
    if (!elsewhere) continue;
    const marked = /\d/.test(part);
    if (!marked && part.length < MIN_PLAIN_CHARS) continue;
    points = Math.max(points, marked ? POINTS.carries_in_link : POINTS.carries_word_in_link);
  }
  if (points === 0 || own === undefined) return null;
  return verdictOf(
    [
      { name: "host_in_text", points: POINTS.host_in_text },
      { name: points === POINTS.carries_in_link ? "carries_in_link" : "carries_word_in_link", points },
    ],
    own.call,
    [value],
  );
}

/** The segment of free text that names the host, when no field does. */
function onlyProseWith(tape: Tape, host: number): number | null {
  let found: number | null = null;
  for (const [index, { kind, start }] of tape.segments.entries()) {
    if (!has(tape, start, tape.endOf(index), host)) continue;
    if (kind === FIELD) return null;
    found ??= index;
  }
  return found;
}

function wasSaid({ said }: Session, hash: number): boolean {
  return has(said, 0, said.length, hash);
}

function verdictOf(contributions: Contribution[], source: number, values: Value[]): Verdict {
  return { total: contributions.reduce((sum, { points }) => sum + points, 0), contributions, source, values };
}
