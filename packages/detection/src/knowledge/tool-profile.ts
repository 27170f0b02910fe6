import { type ArgumentRole, roleBySchema, roleOfArgument } from "./argument-role.ts";
import { classBit, effectBit, type ToolClass } from "./effects.ts";
import { verbOf } from "./tool-verb.ts";
import {
  bareToolName,
  IDENTITY_NOUNS,
  MONEY_NOUNS,
  NOUN_TOO,
  PRIVATE_NOUNS,
  PUBLISHED_NOUNS,
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
  /** What arguments are for, by name, where schema or manifest say other than the name does. */
  roles?: ReadonlyMap<string, ArgumentRole>;
}

const ONLINE = new Set(["internet", "online", "web"]); // a description's words for somebody else's machine
const READS = effectBit("reads_private") | effectBit("reads_secret") | effectBit("reads_untrusted");
const MAX_NAME_CHARS = 256; // of a tool or server; longer ones are no names
const MAX_PROPERTIES = 64; // of one object of a schema
const MAX_SCHEMA_DEPTH = 2; // of nested objects whose properties are looked at
const MAX_DESCRIPTION_WORDS = 24; // the first sentence says what a tool does; the rest may be written by anyone

/** What the name alone says. Unknown names act: a tool is harmless only when something says that it is. */
export function profileOfName(name: string): ToolProfile {
  return profileOfWords(words(bareToolName(name)), [], []);
}

/**
 * What a definition (as `tools/list` gives it) says. What the server claims can only add risk to what the name says,
 * except on a server the operator's manifest trusts: there `readOnlyHint` and `destructiveHint` are believed. A trusted
 * reader still is a way out unless its server says that it is not (`openWorldHint: false`): a question leaves as well.
 * @param server its name: in front of a tool's name (`slack_post_message`) it is no verb
 */
export function profileOfDefinition(
  definition: Readonly<Record<string, unknown>>,
  trusted: boolean,
  server = "",
): ToolProfile {
  const name = typeof definition.name === "string" ? definition.name.slice(0, MAX_NAME_CHARS) : "";
  const description = typeof definition.description === "string" ? definition.description : "";
  const firstSentence = words(description.trimStart().slice(0, 400).split(/[.\n]/)[0] ?? "").slice(
    0,
    MAX_DESCRIPTION_WORDS,
  );
  const properties = member(member(definition, "inputSchema"), "properties");
  const own = withoutServer(words(bareToolName(name)), server);
  const roles = rolesOfProperties(properties);
  const profile: ToolProfile = {
    ...profileOfWords(own, firstSentence, Object.keys(properties ?? {})),
    ...(roles.size === 0 ? {} : { roles }),
  };
  const annotations = member(definition, "annotations");
  if (annotations === null) return profile;
  if (!trusted) {
    const unclear = profile.acts && profile.effects === effectBit("write");
    return unclear && annotations.destructiveHint === true && profile.classes === classBit("other")
      ? { ...profile, effects: profile.effects | effectBit("destructive") }
      : profile;
  }
  if (annotations.readOnlyHint === true) {
    const asks = !profile.acts && annotations.openWorldHint !== false;
    const kept = asks ? READS | effectBit("external_sink") : READS;
    return { ...profile, effects: profile.effects & kept, classes: classBit("read"), acts: false };
  }
  return annotations.destructiveHint === false
    ? { ...profile, effects: profile.effects & ~effectBit("destructive") }
    : profile;
}

/** `transfer`, `charge` and `deposit` move other things as well: a caller to a person, a battery, a file. */
const PAYING = new Set(
  "pay remit refund wire purchase buy donate withdraw sell checkout transact spend".split(" "),
);

function speaksOfPaying(word: string): boolean {
  return PAYING.has(word) || PAYING.has(word.replace(/e?s$/, ""));
}

function withoutServer(name: string[], server: string): string[] {
  if (server === "") return name;
  const prefix = words(server.slice(0, MAX_NAME_CHARS));
  return name.length > prefix.length && prefix.every((word, index) => name[index] === word)
    ? name.slice(prefix.length)
    : name;
}

function rolesOfProperties(properties: Record<string, unknown> | null, depth = 0): Map<string, ArgumentRole> {
  const roles = new Map<string, ArgumentRole>();
  if (properties === null || depth > MAX_SCHEMA_DEPTH) return roles;
  for (const name of Object.keys(properties).slice(0, MAX_PROPERTIES)) {
    const schema = member(properties, name);
    if (schema === null) continue;
    const role = roleBySchema(name, schema);
    if (role !== null && role !== roleOfArgument(name)) roles.set(name, role);
    const below = member(schema, "properties") ?? member(member(schema, "items"), "properties");
    for (const [inner, innerRole] of rolesOfProperties(below, depth + 1)) {
      if (!roles.has(inner)) roles.set(inner, innerRole);
    }
  }
  return roles;
}

function profileOfWords(name: string[], description: string[], properties: string[]): ToolProfile {
  const verb = verbOf(name, description);
  const nouns = new Set([
    ...name,
    ...description.filter((word) => !VERB_CLASS.has(word) || NOUN_TOO.has(word)),
  ]);
  const has = (words: ReadonlySet<string>): boolean => [...nouns].some((noun) => words.has(noun));
  let effects = 0;
  if (!verb.acts) {
    if (has(PRIVATE_NOUNS)) effects |= effectBit("reads_private");
    if (has(SECRET_NOUNS)) effects |= effectBit("reads_secret");
    if (has(UNTRUSTED_NOUNS)) effects |= effectBit("reads_untrusted");
    if (name.some((word) => WEB_NOUNS.has(word)) || description.some((word) => ONLINE.has(word)))
      effects |= effectBit("external_sink") | effectBit("reads_untrusted");
    return { effects, classes: classBit("read"), acts: false };
  }
  const { classes } = verb;
  const is = (...wanted: ToolClass[]): boolean => wanted.some((toolClass) => classes.includes(toolClass));
  const money =
    name.some((word) => MONEY_NOUNS.has(word)) || properties.some((key) => /iban|amount/i.test(key));
  const pays = is("pay") && (money || [...name, ...description.slice(0, 3)].some(speaksOfPaying));
  if (pays || (money && is("send", "schedule", "create", "update"))) effects |= effectBit("money");
  if (is("delete", "cancel")) effects |= effectBit("destructive");
  if (is("invite", "share") || name.some((word) => IDENTITY_NOUNS.has(word)))
    effects |= effectBit("identity");
  if (is("execute")) effects |= effectBit("code");
  // What is written where others read it has left as much as what is sent to them.
  const published = is("create", "update") && name.some((word) => PUBLISHED_NOUNS.has(word));
  if ((is("send", "post", "share", "invite") || published) && !(effects & effectBit("money")))
    effects |= effectBit("external_sink");
  if (effects === 0) effects = effectBit("write");
  return {
    effects,
    classes: classes.reduce((mask, each) => mask | classBit(each), 0) || classBit("other"),
    acts: true,
  };
}

function member(value: unknown, key: string): Record<string, unknown> | null {
  if (value === null || typeof value !== "object" || !Object.hasOwn(value, key)) return null;
  const found: unknown = Reflect.get(value, key);
  return found !== null && typeof found === "object" && !Array.isArray(found) ? { ...found } : null;
}
