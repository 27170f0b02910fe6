import { classBit, effectBit, type ToolClass } from "./effects.ts";
import {
  bareToolName,
  IDENTITY_NOUNS,
  MONEY_NOUNS,
  NOUN_TOO,
  PRIVATE_NOUNS,
  READ_VERBS,
  SECRET_NOUNS,
  UNTRUSTED_NOUNS,
  VERB_CLASS,
  WEB_NOUNS,
  words,
} from "./words.ts";

/** What is known of a tool before it is called. Bit masks of EFFECTS and TOOL_CLASSES. */
export interface ToolProfile {
  effects: number;
  classes: number;
  /** False for a tool that only reads. */
  acts: boolean;
}

const MAX_DESCRIPTION_WORDS = 24; // the first sentence says what a tool does; the rest may be written by anyone

/** What the name alone says. Unknown names act: a tool is harmless only when something says that it is. */
export function profileOfName(name: string): ToolProfile {
  return profileOfWords(words(bareToolName(name)), [], []);
}

/**
 * What a definition (as `tools/list` gives it) says. What the server claims can only add risk to what the name says,
 * except on a server the operator's manifest trusts: there `readOnlyHint` and `destructiveHint` are believed.
 */
export function profileOfDefinition(
  definition: Readonly<Record<string, unknown>>,
  trusted: boolean,
): ToolProfile {
  const name = typeof definition.name === "string" ? definition.name : "";
  const description = typeof definition.description === "string" ? definition.description : "";
  const firstSentence = words(description.slice(0, 400).split(/[.\n]/)[0] ?? "").slice(
    0,
    MAX_DESCRIPTION_WORDS,
  );
  const properties = member(member(definition, "inputSchema"), "properties");
  const profile = profileOfWords(words(bareToolName(name)), firstSentence, Object.keys(properties ?? {}));
  const annotations = member(definition, "annotations");
  if (!trusted || annotations === null) return profile;
  if (annotations.readOnlyHint === true) {
    const reads = effectBit("reads_private") | effectBit("reads_secret") | effectBit("reads_untrusted");
    return { effects: profile.effects & reads, classes: classBit("read"), acts: false };
  }
  return annotations.destructiveHint === false
    ? { ...profile, effects: profile.effects & ~effectBit("destructive") }
    : profile;
}

function profileOfWords(name: string[], description: string[], properties: string[]): ToolProfile {
  const verbs = verbClasses(name);
  const acts = verbs.reads ? false : verbs.classes.length > 0 || !describesReading(description);
  const nouns = new Set([
    ...name,
    ...description.filter((word) => !VERB_CLASS.has(word) || NOUN_TOO.has(word)),
  ]);
  const has = (words: ReadonlySet<string>): boolean => [...nouns].some((noun) => words.has(noun));
  let effects = 0;
  if (!acts) {
    if (has(PRIVATE_NOUNS)) effects |= effectBit("reads_private");
    if (has(SECRET_NOUNS)) effects |= effectBit("reads_secret");
    if (has(UNTRUSTED_NOUNS)) effects |= effectBit("reads_untrusted");
    if (name.some((word) => WEB_NOUNS.has(word)))
      effects |= effectBit("external_sink") | effectBit("reads_untrusted");
    return { effects, classes: classBit("read"), acts };
  }
  const classes: ToolClass[] = verbs.classes.length > 0 ? verbs.classes : classesOf(description.slice(0, 3));
  const is = (...wanted: ToolClass[]): boolean => wanted.some((toolClass) => classes.includes(toolClass));
  const money =
    name.some((word) => MONEY_NOUNS.has(word)) || properties.some((key) => /iban|amount/i.test(key));
  if (is("pay") || (money && is("send", "schedule", "create", "update"))) effects |= effectBit("money");
  if (is("delete", "cancel")) effects |= effectBit("destructive");
  if (is("invite", "share") || name.some((word) => IDENTITY_NOUNS.has(word)))
    effects |= effectBit("identity");
  if (is("execute")) effects |= effectBit("code");
  if (is("send", "post", "share", "invite") && !(effects & effectBit("money")))
    effects |= effectBit("external_sink");
  if (effects === 0) effects = effectBit("write");
  return {
    effects,
    classes: classes.reduce((mask, each) => mask | classBit(each), 0) || classBit("other"),
    acts,
  };
}

/** The first known verb decides whether a name reads or acts; further verbs of an acting name add their classes. */
function verbClasses(name: readonly string[]): { reads: boolean; classes: ToolClass[] } {
  const first = name.findIndex((word) => READ_VERBS.has(word) || VERB_CLASS.has(word));
  const word = name[first];
  if (word === undefined) return { reads: false, classes: [] };
  if (READ_VERBS.has(word)) return { reads: true, classes: [] };
  const others = name.slice(first + 1).filter((other) => !NOUN_TOO.has(other));
  // A noun in front of a reading verb (`email_search`) is no act.
  if (NOUN_TOO.has(word) && others.some((other) => READ_VERBS.has(other)))
    return { reads: true, classes: [] };
  return { reads: false, classes: classesOf([word, ...others]) };
}

function describesReading(description: readonly string[]): boolean {
  return description.slice(0, 4).some((word) => READ_VERBS.has(word));
}

function classesOf(candidates: readonly string[]): ToolClass[] {
  const classes = new Set<ToolClass>();
  for (const word of candidates) {
    const found = VERB_CLASS.get(word) ?? VERB_CLASS.get(word.replace(/e?s$/, ""));
    if (found !== undefined) classes.add(found);
  }
  return [...classes];
}

function member(value: unknown, key: string): Record<string, unknown> | null {
  if (value === null || typeof value !== "object") return null;
  const found = Object.entries(value).find(([name]) => name === key)?.[1];
  return found !== null && typeof found === "object" && !Array.isArray(found)
    ? Object.fromEntries(Object.entries(found))
    : null;
}
