import { classBit, classesOfWord } from "./action-words.ts";
import { isHard, partsOf, type Value } from "./argument-values.ts";
import { judgeAssembled } from "./assembled.ts";
import { carriesOutput, gram } from "./carried-output.ts";
import {
  areNamedAfterAuthor,
  isFollowed,
  isInDocument,
  isOtherItem,
  isSought,
  noteFollowed,
  paragraphStart,
  standsApart,
} from "./delegation.ts";
import { FREE_MAIL, GENERIC } from "./generic-names.ts";
import type { JudgedCall } from "./judged-call.ts";
import { type Contribution, type EvidenceName, POINTS, type Verdict } from "./points.ts";
import { type Hit, type Origin, type Provenance, provenanceOf, type TextHits } from "./provenance.ts";
import { has, hasAny, type Sentence, sentencesOf } from "./sentences.ts";
import type { Session } from "./session.ts";
import { FIELD, type Segment, type Tape } from "./tape.ts";
import { DAY, DOMAIN, hashOf, hostOf, normalisedUrl } from "./token-scan.ts";

const WINDOW_BEFORE = 25; // tokens before an action's sentence: about 160 characters
const WINDOW_AFTER = 75;
const NEAR_TOKENS = 10; // the sentences next to it
const PASSING_ON = classBit("send") | classBit("post") | classBit("share") | classBit("invite");
const MAX_DICTATED_LINKS = 2; // a message with more quotes what was found
const MIN_SOFT_WEIGHT = 1.7; // a phrase and a number, or two names; less is met by chance
const MIN_SECRET_WEIGHT = 1; // `admin` is in many texts
const MIN_ID_CHARS = 3; // shorter ones are list positions
const MIN_SOFT_IN_SENTENCE = 0.7;

/**
 * Judges a call against all that the session has read: the best case that one text makes. Null for none.
 * @param acts false for a call that only reads: what counts then is what it sends along
 */
export function judgeCall(session: Session, call: JudgedCall, acts = true): Verdict | null {
  if (session.texts.length === 0) return null;
  let best = call.externalSink ? judgeAssembled(session, call, acts) : null;
  const provenance = provenanceOf(session, call.values.values);
  if (acts) {
    for (const text of provenance.texts) {
      const verdict = judgeText(session, call, provenance, text);
      if (verdict !== null && (best === null || verdict.total > best.total)) best = verdict;
    }
  }
  noteFollowed(session, provenance);
  return best;
}

function judgeText(
  session: Session,
  call: JudgedCall,
  provenance: Provenance,
  text: TextHits,
): Verdict | null {
  const tape = session.texts;
  const about = tape.segments[text.segment];
  // Why a call failed, its tool says itself: trying again as told is no dictation.
  if (about === undefined || about.tool === call.tool) return null;
  const end = tape.endOf(text.segment);
  const origins = new Map<Value, Origin>();
  for (const { value } of text.hits)
    if (!origins.has(value)) origins.set(value, provenance.originOf(value, text));
  const sole = text.hits.filter(({ value }) => origins.get(value) === "sole");
  const destinations = call.values.values.filter((value) => isTarget(value, call));
  const soleValues = new Set(sole.map(({ value }) => value));
  const known = destinations.length > 0 && destinations.every((value) => !soleValues.has(value));
  const sentences = sentencesOf(tape, about.start, end);
  const wanted = call.words.classes;
  // `Add a dark mode` as an issue's title is no order to add an issue: the word for the act must stand outside the values.
  const inValues = new Set(text.hits.flatMap(({ at, value }) => value.hashes.map((_, each) => at + each)));
  const saysAct = ({ from, to }: Sentence): boolean => {
    for (let at = from; at < to; at += 1) {
      if ((classesOfWord(tape.hashes[at] ?? 0) & wanted) !== 0 && !inValues.has(at)) return true;
    }
    return false;
  };
  const acting = sentences.filter(
    (sentence) =>
      ((sentence.classes & wanted) !== 0 && saysAct(sentence)) ||
      (wanted === 0 && hasAny(tape, sentence.from, sentence.to, call.words.things)),
  );
  const literal = call.words.literal !== null && has(tape, about.start, end, call.words.literal);
  // A customer may ask for something about himself: his id is a field of the record that holds his text.
  const isAboutAuthor = call.values.values.some(
    (value) =>
      (value.role === "id" || value.role === "destination") &&
      (value.kind === "word" || value.kind === "number") &&
      value.text.length >= MIN_ID_CHARS &&
      !soleValues.has(value) &&
      provenance.isBeside(value, text),
  );
  // What is said about an item, in a remark on it, and what is then changed of that very item.
  const isAboutItem =
    !call.grave &&
    (call.values.items.some(({ item }) => wasAsked(session, item, about.call)) ||
      call.values.values.some(
        (value) =>
          value.role === "id" &&
          (value.kind === "word" || value.kind === "number") &&
          value.text.length >= MIN_ID_CHARS &&
          value.hashes.every((hash) => wasAsked(session, hash, about.call)),
      ));
  let inDocument: boolean | null = null; // looked at where it matters
  let best: Verdict | null = null;
  for (const sentence of acting.length === 0 ? [null] : acting) {
    const contributions = weigh(sentence);
    if (contributions.length === 0) continue;
    const total = contributions.reduce((sum, { points }) => sum + points, 0);
    if (best === null || total > best.total)
      best = { total, contributions, source: about.call, values: [...soleValues] };
  }
  return best;

  function weigh(sentence: Sentence | null): Contribution[] {
    if (about === undefined) return [];
    const found = new Map<EvidenceName, number>();
    const note = (name: EvidenceName): void => void found.set(name, POINTS[name]);
    const from =
      sentence === null
        ? about.start
        : Math.max(sentence.from - WINDOW_BEFORE, paragraphStart(tape, about, sentence.from));
    const to = sentence === null ? end : sentence.to + WINDOW_AFTER;
    const near = sole.filter(({ at }) => at >= from && at < to);
    const inSentence = ({ at }: Hit): boolean => sentence !== null && at >= sentence.from && at < sentence.to;
    const links =
      call.carriesContent || call.words.keeps ? [] : near.filter(({ value }) => value.role === "link");
    const hard = call.words.presents
      ? []
      : near.filter(({ value }) => isHard(value) && isTarget(value, call));
    const payload = call.externalSink
      ? near.filter(({ value }) => value.role === "text" && isHard(value) && !isOfHouse(value))
      : [];
    const privilege = call.words.presents ? [] : near.filter(({ value }) => value.role === "privilege");
    const code = near.filter(({ value }) => value.role === "code");
    const taken = new Set([...links, ...hard, ...payload, ...privilege, ...code].map(({ value }) => value));
    const soft = near.filter(({ value, labelled }) => !taken.has(value) && !isHard(value) && !labelled);
    const softWeight = weightOf(soft);
    const softInSentence = weightOf(soft.filter(inSentence));

    if (hard.length > 0) {
      const prose = hard.filter(({ labelled }) => !labelled);
      if (prose.some(inSentence)) note("dest_sentence");
      else if (prose.length > 0 && sentence !== null) note("dest_window");
      else if (prose.length > 0) note("dest_prose");
      else note("dest_labelled");
    }
    if (hard.length === 0 && sentence !== null && links.some(inSentence)) note("link_sentence");
    if (
      payload.length > 0 &&
      sentence !== null &&
      (sentence.classes & call.words.classes & PASSING_ON) !== 0
    ) {
      const quoted = call.values.values.filter((value) => value.role === "text" && isHard(value)).length;
      // A link leads its reader away. An address that is passed on says whom to ask.
      const told = payload.filter(
        (hit) => hit.value.kind !== "email" && inSentence(hit) && !isQuoted(hit, sentence),
      );
      note(quoted <= MAX_DICTATED_LINKS && told.length > 0 ? "payload_sentence" : "payload");
    }
    if (privilege.some(inSentence)) note("privilege_sentence");
    else if (privilege.some(({ value }) => value.weight >= MIN_SECRET_WEIGHT)) note("privilege_text");
    if (code.length > 0 && sentence !== null) note("code_verbatim");
    if ((hard.length > 0 || privilege.length > 0) && call.grave && !found.has("dest_labelled"))
      note("irreversible");
    if (
      sentence !== null &&
      hard.length === 0 &&
      privilege.length === 0 &&
      softWeight < MIN_SOFT_WEIGHT &&
      !found.has("link_sentence") &&
      soft.some((hit) => isName(hit.value) && inSentence(hit))
    )
      note("dest_name");
    if (
      sentence !== null &&
      hard.length === 0 &&
      softWeight < MIN_SOFT_WEIGHT &&
      soft.some((hit) => isAmount(hit.value) && inSentence(hit))
    )
      note("amount_sentence");
    if (softWeight >= MIN_SOFT_WEIGHT && !hard.some(inSentence))
      note(softInSentence >= MIN_SOFT_IN_SENTENCE ? "soft_sentence" : "soft_text");
    if (
      call.destructive &&
      sentence !== null &&
      hasAny(tape, sentence.from, sentence.to, call.words.things) &&
      text.hits.some(
        (hit) =>
          (hit.value.role === "id" || hit.value.role === "destination") &&
          inSentence(hit) &&
          origins.get(hit.value) !== "agent",
      )
    )
      note("id_named");
    if (hard.length > 0) weighTarget(sentence, hard, soft, note);
    if (
      sentence !== null &&
      call.externalSink &&
      (hard.length > 0 || found.has("dest_name")) &&
      isDictated(sentence)
    )
      note("text_dictated");
    if (found.size === 0) return [];
    if (sentence !== null) {
      note("action_sentence");
      if (
        hasAny(
          tape,
          Math.max(about.start, sentence.from - NEAR_TOKENS),
          Math.min(end, sentence.to + NEAR_TOKENS),
          call.words.things,
        )
      )
        note("object");
    }
    if (literal) note("literal");
    if (isAboutAuthor) note("about_author");
    else if (isAboutItem && hard.length === 0 && privilege.length === 0 && !found.has("amount_sentence"))
      note("about_item");
    if (known && privilege.length === 0 && !found.has("payload_sentence")) note("target_known");
    weighDelegation(sentence, near, hard, found, note);
    return [...found].map(([name, points]) => ({ name, points }));
  }

  /** What speaks for a task that is to do what the text says, and what for an order that was slipped into it. */
  function weighDelegation(
    sentence: Sentence | null,
    near: readonly Hit[],
    hard: readonly Hit[],
    found: ReadonlyMap<EvidenceName, number>,
    note: (name: EvidenceName) => void,
  ): void {
    if (about === undefined) return;
    inDocument ??= isInDocument(session, about);
    const apart = standsApart(tape, about, sentence?.from ?? near[0]?.at ?? about.start, inDocument);
    if (isFollowed(session, about, sentence, inDocument)) {
      if (!found.has("carries_output")) note("followed_text");
    } else if (apart && APART_COUNTS.some((name) => found.has(name))) note("stands_apart");
    const targets = hard.map(({ value }) => value);
    if (targets.length > 0 && areNamedAfterAuthor(session, about, targets)) note("of_author");
    if (
      !apart &&
      !found.has("dest_labelled") &&
      !WITNESSES.some((name) => found.has(name)) &&
      !(hard.length > 0 && isOtherItem(session, about, call.values.items)) &&
      isSought(session, about, inDocument)
    )
      note("sought_text");
  }

  /** An address or a page of the house leads nobody anywhere. The text's own record does not say whose house it is. */
  function isOfHouse(value: Value): boolean {
    return about !== undefined && isKnownDomain(tape, value, session.calls, about);
  }

  /**
   * Whether what is sent repeats the sentence back to the word for the act: then the sentence is content that is passed on
   * (`write to our support at …` in a forwarded mail) and no order to pass it on.
   */
  function isQuoted({ value, at }: Hit, { from }: Sentence): boolean {
    return call.values.longs.some(({ hashes }) => {
      let own = hashes.indexOf(value.hashes[0] ?? 0);
      for (let place = at; own >= 0 && place >= from; place -= 1) {
        const kind = tape.kindAt(place);
        if (kind === DAY || kind === DOMAIN) continue;
        if (tape.hashes[place] !== hashes[own]) return false;
        if ((classesOfWord(tape.hashes[place] ?? 0) & call.words.classes) !== 0) return true;
        own -= 1;
      }
      return false;
    });
  }

  /** Whether the call's longest text is what the text tells to say. */
  function isDictated({ from, to }: Sentence): boolean {
    const stop = Math.min(end, to + WINDOW_AFTER);
    const told = new Set<number>();
    for (let at = from; at + DICTATED_GRAM <= stop; at += 1) told.add(gram(tape.hashes, at, DICTATED_GRAM));
    return call.values.longs.some(({ hashes }) => {
      let same = 0;
      const grams = hashes.length - DICTATED_GRAM + 1;
      for (let at = 0; at < grams; at += 1) if (told.has(gram(hashes, at, DICTATED_GRAM))) same += 1;
      return grams >= MIN_DICTATED_GRAMS && same / grams >= MIN_DICTATED_SHARE;
    });
  }

  function weighTarget(
    sentence: Sentence | null,
    hard: readonly Hit[],
    soft: readonly Hit[],
    note: (name: EvidenceName) => void,
  ): void {
    if (about === undefined) return;
    const call0 = about.call;
    const parts = hard
      .flatMap(({ value }) => partsOf(value.text))
      .filter((part) => part.length >= 4 && !GENERIC.has(part) && !/^\d+$/.test(part));
    if (parts.some((part) => wasAsked(session, hashOf(part), call0))) note("affinity");
    else if (hard.every(({ value }) => value.kind === "email" || value.kind === "url")) {
      if (hard.every(({ value }) => value.kind === "email" && provenance.isBeside(value, text)))
        note("reply_to_author");
      else if (hard.every(({ value }) => isKnownDomain(tape, value, call0))) note("same_org");
    }
    if (sentence === null) {
      const [first] = hard;
      const at = first?.at ?? 0;
      if (
        hasAny(
          tape,
          Math.max(about.start, at - 3 * NEAR_TOKENS),
          Math.min(end, at + 3 * NEAR_TOKENS),
          call.words.things,
        )
      )
        note("object");
      if (soft.some((hit) => Math.abs(hit.at - at) <= 3 * NEAR_TOKENS)) note("second_value");
    }
    if (carriesOutput(session, call, text.segment)) note("carries_output");
  }
}

/** What a place in the text says something about. Names and commands stand in lists and logs of all kinds. */
const APART_COUNTS: readonly EvidenceName[] = [
  "dest_sentence",
  "dest_window",
  "dest_labelled",
  "privilege_sentence",
  "privilege_text",
  "payload_sentence",
  "soft_sentence",
  "amount_sentence",
  "id_named",
];

/** What makes a dictated target more than an address that was looked up in a text. */
const WITNESSES: readonly EvidenceName[] = [
  "carries_output",
  "id_named",
  "privilege_sentence",
  "privilege_text",
  "text_dictated",
  "literal",
];

/** Whether a value is where the act goes. A link that nothing is sent to and that is not kept is only followed. */
function isTarget({ role }: Value, { carriesContent, words }: JudgedCall): boolean {
  return role === "destination" || (role === "link" && (carriesContent || words.keeps));
}

function isName({ role, kind, text }: Value): boolean {
  return (
    (role === "destination" || role === "id" || role === "other") &&
    (kind === "word" || kind === "phrase") &&
    !/^[\d_-]+$/.test(text)
  );
}

/** One digit is a switch or a count that stands anywhere. */
function isAmount({ role, kind, text }: Value): boolean {
  return role === "amount" && kind === "number" && text.length > 1;
}

function weightOf(hits: readonly Hit[]): number {
  return [...new Set(hits.map(({ value }) => value))].reduce((sum, { weight }) => sum + weight, 0);
}

/** Whether the agent had said the word in the call that brought the text. */
function wasAsked({ said }: Session, hash: number, call: number): boolean {
  return said.segments.some(
    (segment, index) => segment.call === call && has(said, segment.start, said.endOf(index), hash),
  );
}

/** @param besides a text whose own record says nothing */
function isKnownDomain(tape: Tape, value: Value, until: number, besides: Segment | null = null): boolean {
  const wanted = new Set(domainsOf(value).map((domain) => hashOf(`@${domain}`)));
  return (
    wanted.size > 0 &&
    tape.segments.some(
      ({ start, kind, call, record }, index) =>
        kind === FIELD &&
        call <= until &&
        !(call === besides?.call && record === besides.record) &&
        hasAny(tape, start, tape.endOf(index), wanted),
    )
  );
}

/** The domains of organisations that an address or a link may be of: of a link also what its host is below. */
function domainsOf({ kind, text }: Value): string[] {
  if (kind === "email") {
    const domain = text.slice(text.indexOf("@") + 1).toLowerCase();
    return FREE_MAIL.has(domain) ? [] : [domain];
  }
  if (kind !== "url") return [];
  const labels = hostOf(normalisedUrl(text)).split(".").slice(-MAX_LABELS);
  return labels.slice(1).flatMap((_, at) => {
    const domain = labels.slice(at).join(".");
    return FREE_MAIL.has(domain) ? [] : [domain];
  });
}

const MAX_LABELS = 4; // of a host, from its end

const DICTATED_GRAM = 4;
const MIN_DICTATED_GRAMS = 3;
const MIN_DICTATED_SHARE = 0.6;
