import type { CallValues, Value } from "./argument-values.ts";
import { FREE_MAIL, GENERIC } from "./generic-names.ts";
import type { Provenance } from "./provenance.ts";
import { hasAny, type Sentence } from "./sentences.ts";
import { BY_ID, BY_LINK, noteTaken, type Session } from "./session.ts";
import { FIELD, LEAF_START, PROSE, type Segment, type Tape, WHO } from "./tape.ts";
import { hashOf, LINE_END } from "./token-scan.ts";

/**
 * What tells a task that says `do what this ticket asks` from an order that was slipped in: the agent went to that text on
 * purpose and works through it, and its targets belong to whom it is about; what was slipped in stands apart from the rest.
 */

const MIN_TAKEN_WEIGHT = 0.4; // of one value: any number that only this text has

/** Remembers from which place of which text a call takes something that only this text has. */
export function noteFollowed(session: Session, provenance: Provenance): void {
  for (const text of provenance.texts) {
    const about = session.texts.segments[text.segment];
    if (about === undefined) continue;
    const hit = text.hits.find(
      ({ value }) =>
        value.weight >= MIN_TAKEN_WEIGHT &&
        value.role !== "text" &&
        provenance.originOf(value, text) === "sole",
    );
    if (hit !== undefined)
      noteTaken(session, {
        call: about.call,
        record: about.record,
        place: hit.at - recordStart(session.texts, about),
      });
  }
}

/** Where the text's record begins: a list whose items are partly fields is several segments. */
function recordStart({ segments }: Tape, { call, record, start }: Segment): number {
  return segments.find((each) => each.call === call && each.record === record)?.start ?? start;
}

/** Whether an earlier call had taken something from another sentence of the text; with no sentence, from anywhere in it. */
export function isFollowed(
  { taken, texts }: Session,
  about: Segment,
  sentence: Sentence | null,
  inDocument: boolean,
): boolean {
  const start = recordStart(texts, about);
  return taken.some(({ call, record, place }) => {
    if (call !== about.call) return false;
    if (record !== about.record) return inDocument;
    const at = place + start;
    return sentence === null || at < sentence.from || at >= sentence.to;
  });
}

const MIN_TOKENS_BEFORE = 8; // a salutation is shorter

/**
 * Whether a place is in a paragraph of its own that comes after others of the same record. The same words once more (a
 * preview, the plain form of a rich text) are no other paragraph.
 */
export function standsApart(tape: Tape, about: Segment, place: number, inDocument: boolean): boolean {
  const from = paragraphStart(tape, about, place);
  let leaf = from;
  while (leaf > about.start && !startsLeaf(tape, leaf)) leaf -= 1;
  let before = from - leaf;
  if (before >= MIN_TOKENS_BEFORE) return true;
  const own = new Set<number>();
  for (let at = leaf; at < tape.length && (at === leaf || !startsLeaf(tape, at)); at += 1)
    own.add(tape.hashes[at] ?? 0);
  for (const [index, { start, kind, call, record }] of tape.segments.entries()) {
    if (start > about.start) break;
    if (kind !== PROSE || call !== about.call || (record !== about.record && !inDocument)) continue;
    const end = Math.min(leaf, tape.endOf(index));
    for (let at = start; at < end; at += 1) {
      if (!own.has(tape.hashes[at] ?? 0)) before += 1;
      if (before >= MIN_TOKENS_BEFORE) return true;
    }
  }
  return false;
}

/** Where the paragraph, list item or line begins that a place is in. */
export function paragraphStart(tape: Tape, about: Segment, place: number): number {
  let from = place;
  while (from > about.start && !startsParagraph(tape, from)) from -= 1;
  return from;
}

function startsParagraph(tape: Tape, at: number): boolean {
  return ((tape.marks[at - 1] ?? 0) & LINE_END) !== 0 || startsLeaf(tape, at);
}

function startsLeaf({ marks }: Tape, at: number): boolean {
  return ((marks[at] ?? 0) & LEAF_START) !== 0;
}

const MAX_SOUGHT_RECORDS = 2; // a text and what it stands in

/**
 * Whether the agent had asked for this text, and not for data that it stands beside: it is the only free text of an output
 * that the agent named something for, or the one of the record that holds what it named. Nobody's page is a task.
 */
export function isSought({ texts, said }: Session, { call, record }: Segment, inDocument: boolean): boolean {
  if (inDocument) return true;
  const asked = new Set<number>();
  for (const [index, segment] of said.segments.entries()) {
    if (segment.call !== call) continue;
    if (segment.record === BY_LINK) return false;
    for (let at = segment.start; at < said.endOf(index); at += 1) asked.add(said.hashes[at] ?? 0);
  }
  if (asked.size === 0) return false;
  const records = new Set<number>();
  const named = new Set<number>();
  let alone = true;
  let prose = 0;
  let fields = 0;
  for (const [index, segment] of texts.segments.entries()) {
    if (segment.call !== call) continue;
    const end = texts.endOf(index);
    records.add(segment.record);
    if (segment.kind === PROSE && segment.record !== record) alone = false;
    if (segment.kind === FIELD && hasAny(texts, segment.start, end, asked)) named.add(segment.record);
    if (segment.record !== record) continue;
    if (segment.kind === PROSE) prose += end - segment.start;
    else fields += end - segment.start;
  }
  if (prose < fields) return false;
  return (alone && records.size <= MAX_SOUGHT_RECORDS) || (named.size === 1 && named.has(record));
}

function hasMark({ marks }: Tape, from: number, to: number, mark: number): boolean {
  for (let at = from; at < to; at += 1) if (((marks[at] ?? 0) & mark) !== 0) return true;
  return false;
}

/**
 * Whether a text is part of a document that came in parts: named by its id, most of it free text, and none of the parts
 * says whose it is. Comments have authors, rows have data; the blocks of a page have neither.
 */
export function isInDocument({ texts, said }: Session, { call }: Segment): boolean {
  if (!said.segments.some((segment) => segment.call === call && segment.record === BY_ID)) return false;
  const parts = new Set<number>();
  const data = new Set<number>();
  let prose = 0;
  for (const [index, { start, kind, call: source, record }] of texts.segments.entries()) {
    if (source !== call) continue;
    const end = texts.endOf(index);
    if (kind === PROSE) {
      parts.add(record);
      prose += end - start;
      continue;
    }
    if (hasMark(texts, start, end, WHO)) return false;
    for (let at = start; at < end; at += 1) data.add(texts.hashes[at] ?? 0);
  }
  return parts.size > 1 && prose >= data.size;
}

/**
 * Whether the act is upon another item than the one that the text was read from, of the same kind: what stands in one
 * patient's record is no task for another's.
 */
export function isOtherItem({ said }: Session, { call }: Segment, items: CallValues["items"]): boolean {
  if (items.length === 0) return false;
  const asked = new Set<number>();
  for (const [index, segment] of said.segments.entries())
    if (segment.call === call)
      for (let at = segment.start; at < said.endOf(index); at += 1) asked.add(said.hashes[at] ?? 0);
  return items.some(({ name, item }) => asked.has(name) && !asked.has(item));
}

/** Whether addresses are named after whom the text's record is of, or after what the agent had said. */
export function areNamedAfterAuthor(
  { texts, said }: Session,
  about: Segment,
  targets: readonly Value[],
): boolean {
  if (!targets.every(({ kind }) => kind === "email")) return false;
  const names = new Set<number>(said.hashes.subarray(0, said.length));
  for (const [index, segment] of texts.segments.entries()) {
    if (segment.kind !== FIELD || segment.call !== about.call || segment.record !== about.record) continue;
    for (let at = segment.start; at < texts.endOf(index); at += 1) names.add(texts.hashes[at] ?? 0);
  }
  return targets.every(({ text }) => isNamedAfter(text, names));
}

const MIN_LABEL_CHARS = 4;
const MIN_NAME_CHARS = 3;

/** Whether an address's domain is put together from the words, or the name before it is: `m.keller`, `mkeller`. */
export function isNamedAfter(address: string, words: ReadonlySet<number>): boolean {
  const [local = "", domain = ""] = address.toLowerCase().split("@");
  if (!FREE_MAIL.has(domain)) {
    const label = domain.split(".").at(-2) ?? "";
    if (label.length >= MIN_LABEL_CHARS && isMadeOf(label.replaceAll("-", ""), words)) return true;
  }
  const parts = local.split(/[^a-z]+/).filter((part) => part.length >= MIN_NAME_CHARS && !GENERIC.has(part));
  return (
    parts.length > 0 && parts.every((part) => words.has(hashOf(part)) || words.has(hashOf(part.slice(1))))
  );
}

const MAX_LABEL_CHARS = 63; // RFC 1035, 2.3.4

function isMadeOf(label: string, words: ReadonlySet<number>): boolean {
  if (label.length > MAX_LABEL_CHARS) return false;
  // Reachable ends, so that a hostile label costs its length squared and no more.
  const reached = new Set([0]);
  for (let end = 1; end <= label.length; end += 1)
    for (const from of reached)
      if (
        (end - from >= MIN_NAME_CHARS || (from === 0 && end === label.length)) &&
        words.has(hashOf(label.slice(from, end)))
      ) {
        reached.add(end);
        break;
      }
  return reached.has(label.length);
}
