import type { ToolClass } from "./effects.ts";
import { ACTING_PAIRS, NOUN_TOO, READ_NOUNS, READ_VERBS, VERB_CLASS } from "./words.ts";

/** Whether a tool acts, and what kinds of act its words speak of. */
export interface ToolVerb {
  acts: boolean;
  classes: ToolClass[];
}

const SPOKEN_WORDS = 8; // of a description, in which its verb is looked for
const ASKS = new Set("request requests get query ping head".split(" ")); // what is sent to read
const CONNECTIVES = new Set(["and", "or"]); // `get_or_create`: what follows happens too

/**
 * What a tool does by the words of its name and of its description's first sentence. The name decides where it has a
 * verb; a word that is a noun as well (`email_search`, `git_commit_list`) decides only where no other does. A name without
 * one asks the description, then its last word. What nobody can make sense of acts.
 */
export function verbOf(name: readonly string[], description: readonly string[]): ToolVerb {
  const named = verbOfName(name, description);
  if (named === null)
    return verbOfDescription(description) ?? { acts: !isReadNoun(name.at(-1)), classes: [] };
  // A description can add an act that the name does not tell, never take one away.
  const first = named.acts ? null : lemma(description[0] ?? "");
  const spoken = first === null || NOUN_TOO.has(first) ? undefined : VERB_CLASS.get(first);
  const sends = spoken === "send" && !description.slice(1, 6).some((word) => ASKS.has(word));
  return spoken !== undefined && (sends || spoken === "delete" || spoken === "pay")
    ? { acts: true, classes: [spoken] }
    : named;
}

function verbOfName(name: readonly string[], description: readonly string[]): ToolVerb | null {
  const paired = pairIn(name);
  if (paired !== null) return { acts: true, classes: [paired] };
  const plain = name.findIndex((word) => isVerb(word) && !NOUN_TOO.has(word));
  if (plain >= 0) {
    const word = name[plain] ?? "";
    if (!READ_VERBS.has(word)) return { acts: true, classes: classesFrom(name, plain) };
    const joined = name.findIndex((each, index) => index > plain && CONNECTIVES.has(each));
    const then = joined < 0 ? -1 : name.findIndex((each, index) => index > joined && VERB_CLASS.has(each));
    if (then >= 0) return { acts: true, classes: classesFrom(name, then) };
    // `mail_mark_read`, `http_post_search` are found above; `search_replace` says both.
    const next = name[plain + 1];
    if (plain + 2 === name.length && next !== undefined && VERB_CLASS.has(next) && !NOUN_TOO.has(next)) {
      return { acts: true, classes: classesFrom(name, plain + 1) };
    }
    return { acts: false, classes: [] };
  }
  const doubtful = name.findIndex(isVerb);
  const word = name[doubtful];
  if (word === undefined) return null;
  // The description knows whether the noun or the verb is meant; a single word, or one in front, is a verb.
  const spoken = verbOfDescription(description);
  if (doubtful > 0 && isReadNoun(name.at(-1)) && spoken?.acts !== true) return { acts: false, classes: [] };
  if (spoken !== null && (doubtful > 0 || name.length === 1 || READ_VERBS.has(word) || !spoken.acts)) {
    return spoken.acts
      ? { acts: true, classes: [...new Set([...classesFrom(name, doubtful), ...spoken.classes])] }
      : spoken;
  }
  return READ_VERBS.has(word)
    ? { acts: false, classes: [] }
    : { acts: true, classes: classesFrom(name, doubtful) };
}

function verbOfDescription(description: readonly string[]): ToolVerb | null {
  // "Run a read-only query"
  const readOnly = description.findIndex(
    (word, index) => word === "read" && description[index + 1] === "only",
  );
  if (readOnly >= 0 && readOnly < SPOKEN_WORDS) return { acts: false, classes: [] };
  for (const [index, spoken] of description.slice(0, SPOKEN_WORDS).entries()) {
    const word = lemma(spoken);
    if (word === null || (index > 0 && NOUN_TOO.has(word))) continue;
    const next = description[index + 1];
    const pair = next === undefined ? undefined : ACTING_PAIRS.get(`${word} ${next}`);
    if (pair !== undefined) return { acts: true, classes: [pair] };
    if (READ_VERBS.has(word)) return { acts: false, classes: [] };
    // "Return some items" gives them back; "Returns the items" reads them.
    if (word === "return") return { acts: false, classes: [] };
    const found = VERB_CLASS.get(word);
    if (found !== undefined) return { acts: true, classes: [found] };
  }
  return null;
}

/** The verb of a written form (`Retrieves`, `Deletes`, `adding`), or null. */
function lemma(word: string): string | null {
  const forms = [
    word,
    word.replace(/s$/, ""),
    word.replace(/es$/, ""),
    word.replace(/ies$/, "y"),
    word.replace(/ing$/, ""),
    word.replace(/ing$/, "e"),
    word.replace(/(.)\1ing$/, "$1"),
  ];
  return forms.find((form) => form === "return" || isVerb(form)) ?? null;
}

function isVerb(word: string): boolean {
  return READ_VERBS.has(word) || VERB_CLASS.has(word);
}

function isReadNoun(word: string | undefined): boolean {
  return word !== undefined && READ_NOUNS.has(word);
}

function pairIn(name: readonly string[]): ToolClass | null {
  for (const [index, word] of name.entries()) {
    const found = ACTING_PAIRS.get(`${word} ${(name[index + 1] ?? "").replace(/s$/, "")}`);
    if (found !== undefined) return found;
  }
  return null;
}

function classesFrom(name: readonly string[], at: number): ToolClass[] {
  const classes = new Set<ToolClass>();
  for (const [index, word] of name.entries()) {
    if (index < at || (index > at && NOUN_TOO.has(word))) continue;
    const found = VERB_CLASS.get(word);
    if (found !== undefined) classes.add(found);
  }
  return [...classes];
}
