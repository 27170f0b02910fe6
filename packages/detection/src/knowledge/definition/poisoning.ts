import { hash } from "node:crypto";
import { BoundedMap } from "../../engine/bounded-map.ts";
import { type DefinitionText, isObject, textsOf } from "./definition-texts.ts";
import { hiddenSigns } from "./hidden-text.ts";
import { instructionSigns } from "./instructions.ts";

/** One reason to take a definition for poisoned. */
export interface PoisonSign {
  name: string;
  points: number;
  where: string;
  note: string;
  /** The words that gave it away: text of the server. */
  phrase?: string;
}

export interface Poisoning {
  score: number;
  /** Gravest first, each kind once. */
  signs: readonly PoisonSign[];
}

const CONVERSATION =
  /^(?:system_?prompt|(?:full_?)?conversation(?:_?history)?|chat_?history|full_?(?:context|history)|(?:message|all|previous)_?(?:history|messages)|(?:original_?)?user_?prompt|session_?context|model_?instructions)$/i;
const ASIDE =
  /^(?:side_?notes?|scratch_?pad|context|reasoning|thoughts?|feedback|notes_for_model|internal_?notes?)$/i;
const SECRET =
  /^(?:api_?key|access_?token|secret(?:_?key)?|password|credentials?|private_?key|ssh_?key|env(?:ironment)?_?vars?)$/i;
const FILE =
  /contents?_?(?:of|from)_?|id_?rsa|ssh_?key|private_?key_?(?:file|content)|(?:dot_?)?env_?file_?content|credentials_?file/i;
const ABOUT_FILES =
  /ssh|aws|kube|docker|git|npm|key|config|credential|secret|env|install|setup|login|auth|profile/i;
const STRANGE_PATH = 3; // points of a sensitive path in such a definition
const ABOUT_ACCESS =
  /login|log.?in|auth|connect|credential|password|secret|token|key|account|session|config|vault|sign/i;
const ABOUT_TALK = /conversation|chat|message|prompt|agent|thread|llm|model|history|session|memory|context/i;
const MAX_REMEMBERED = 2048; // definitions whose judgement is remembered; a matter of speed

const remembered = new BoundedMap<Poisoning>(MAX_REMEMBERED); // a pure function's memory: it changes speed and nothing else

/**
 * Signs that a definition (as `tools/list` gives it) speaks to the model instead of describing a tool, each once with its
 * points. A description that is merely pushy stays below 3; what hides text or sends data elsewhere is above.
 */
export function poisoningOf(definition: Readonly<Record<string, unknown>>): Poisoning {
  const key = hash("sha256", JSON.stringify(definition), "base64");
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const judged = judge(definition);
  remembered.set(key, judged);
  return judged;
}

function judge(definition: Readonly<Record<string, unknown>>): Poisoning {
  const best = new Map<string, PoisonSign>();
  const add = (sign: PoisonSign): void => {
    const known = best.get(sign.name);
    if (known === undefined || known.points < sign.points) best.set(sign.name, sign);
  };
  for (const { where, text } of textsOf(definition)) {
    for (const sign of hiddenSigns(where, text)) add({ ...sign, where });
    for (const sign of instructionSigns(text)) add({ ...sign, where });
  }
  for (const sign of parameterSigns(definition)) add(sign);
  const path = best.get("sensitive_path");
  if (best.has("takes_sensitive_file")) best.delete("sensitive_path");
  // In any language: a tool that has nothing to do with keys or configuration has no business there.
  else if (path !== undefined && !ABOUT_FILES.test(String(definition.name)))
    add({ ...path, points: STRANGE_PATH });
  return scored([...best.values()]);
}

/** Parameters that ask for more than a tool needs. */
function parameterSigns(definition: Readonly<Record<string, unknown>>): PoisonSign[] {
  const schema = definition.inputSchema;
  if (!isObject(schema) || !isObject(schema.properties)) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  const about = `${String(definition.name)} ${typeof definition.description === "string" ? definition.description.slice(0, 2000) : ""}`;
  const found: PoisonSign[] = [];
  for (const [name, property] of Object.entries(schema.properties)) {
    const where = `parameter ${name.slice(0, 64)}`;
    const extra = required.includes(name) ? 0.5 : 0;
    const text = isObject(property) && typeof property.description === "string" ? property.description : "";
    if (FILE.test(name) && !ABOUT_FILES.test(String(definition.name))) {
      found.push({
        name: "asks_for_file",
        points: 3 + extra,
        where,
        note: "wants a file that holds keys, or what is in a file",
      });
    } else if (CONVERSATION.test(name)) {
      const fits = ABOUT_TALK.test(String(definition.name));
      found.push({
        name: "asks_for_conversation",
        points: (fits ? 0.5 : 1.5) + extra,
        where,
        note: "wants the conversation or the prompt",
      });
    } else if (SECRET.test(name)) {
      const points = ABOUT_ACCESS.test(about) ? 0.5 : 1 + extra;
      found.push({ name: "asks_for_secret", points, where, note: "wants a secret" });
    } else if (ASIDE.test(name)) {
      const asks =
        /\b(?:content|file|credential|secret|token|history|conversation)\b/i.test(text) &&
        !ABOUT_TALK.test(about);
      found.push({
        name: "aside",
        points: asks ? 1.5 : 0.5,
        where,
        note: "has room for what the tool does not need",
      });
    }
  }
  return found;
}

function scored(signs: PoisonSign[]): Poisoning {
  const sorted = signs.toSorted((a, b) => b.points - a.points || (a.name < b.name ? -1 : 1));
  return { score: sorted.reduce((sum, { points }) => sum + points, 0), signs: sorted };
}

export const DISTINCTIVE_NAME = /^(?=[\w.-]{6,128}$)(?:.*[_\-.a-z][A-Z_\-.]|.*[_\-.])/; // `send_email`, `createIssue`; not `search`
const POINTS_OF_MENTION = 2;
const MOST_MENTIONS = 2; // that count

/**
 * The same with what other servers' tools it names: to change how they are used is what poisoning is for.
 * @param others names of tools that other servers offer and this one does not
 */
export function withMentions(
  poisoning: Poisoning,
  definition: Readonly<Record<string, unknown>>,
  others: ReadonlySet<string>,
): Poisoning {
  if (others.size === 0) return poisoning;
  const mentioned = mentionsIn(textsOf(definition), others);
  if (mentioned.length === 0) return poisoning;
  const first = mentioned[0];
  return scored([
    ...poisoning.signs,
    {
      name: "names_other_tools",
      points: POINTS_OF_MENTION * Math.min(MOST_MENTIONS, mentioned.length),
      where: first?.where ?? "description",
      note: "names tools of other servers",
      phrase: mentioned.map(({ tool }) => tool).join(", "),
    },
  ]);
}

const IDENTIFIER = /[A-Za-z][\w.-]{5,127}/g;

function mentionsIn(
  texts: readonly DefinitionText[],
  others: ReadonlySet<string>,
): { tool: string; where: string }[] {
  const found = new Map<string, string>();
  for (const { where, text } of texts) {
    if (!where.endsWith("description")) continue;
    for (const [word] of text.matchAll(IDENTIFIER)) {
      const name = word.replace(/[.-]+$/, "");
      if (DISTINCTIVE_NAME.test(name) && others.has(name) && !found.has(name)) found.set(name, where);
    }
  }
  return [...found].map(([tool, where]) => ({ tool, where }));
}
