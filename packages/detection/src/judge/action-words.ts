import { FOREIGN_WORDS } from "./foreign-words.ts";
import { hashOf } from "./token-scan.ts";

/**
 * What acts are called, in tool names and in sentences. A class is a bit; a word may belong to several. Generous on purpose:
 * a class adds precision to what provenance shows and decides nothing alone. English; other languages have provenance only.
 */
const VERBS = {
  send: "send email mail message dm reply respond answer ask forward relay write notify inform know tell say text broadcast announce submit deliver",
  post: "post publish upload push put tweet comment submit write paste",
  pay: "pay transfer send wire remit refund transact charge deposit withdraw spend donate buy purchase order",
  create:
    "create make add schedule set open register insert generate build start book arrange organize organise plan write save store enter",
  update:
    "update change modify edit set adjust alter replace rename reset correct patch move switch revise increase decrease raise lower redirect reroute store enter point resolve assign reassign",
  append: "append add insert attach extend write",
  delete: "delete remove erase drop purge destroy clear wipe trash discard unlink kill terminate",
  invite: "invite add onboard enroll enrol include",
  add: "add include join insert append put invite",
  remove: "remove kick ban delete expel exclude evict",
  share: "share grant give access expose publish invite permit allow authorize authorise delegate assign",
  reserve: "reserve book make rent hire order purchase buy schedule",
  schedule: "schedule plan book arrange create set program",
  cancel: "cancel delete abort revoke call stop",
  reschedule: "reschedule move postpone shift change delay",
  execute: "execute run launch invoke start deploy install download eval trigger",
  archive: "archive move hide mark",
  revoke: "revoke disable deactivate suspend block lock rotate",
  merge: "merge approve accept close commit push sign confirm release",
} as const;
export type ActionClass = keyof typeof VERBS;

const CLASS_NAMES = Object.keys(VERBS);
const NOMINAL: Readonly<Record<string, ActionClass>> = {
  reservation: "reserve",
  booking: "reserve",
  payment: "pay",
  transaction: "pay",
  transfer: "pay",
  invitation: "invite",
  deletion: "delete",
  removal: "remove",
  appointment: "schedule",
  cancellation: "cancel",
  donation: "pay",
  reply: "send",
  announcement: "send",
};
const IRREGULAR: Readonly<Record<string, readonly string[]>> = {
  send: ["sent"],
  pay: ["paid"],
  make: ["made"],
  write: ["written", "wrote"],
  tell: ["told"],
  say: ["said"],
  give: ["given", "gave"],
  buy: ["bought"],
  spend: ["spent"],
};

export function classBit(name: string): number {
  const at = CLASS_NAMES.indexOf(name);
  return at === -1 ? 0 : 1 << at;
}

/** Base forms of verbs. */
export const BASE_VERBS: ReadonlyMap<string, number> = verbs();

function verbs(): Map<string, number> {
  const found = new Map<string, number>();
  for (const [name, words] of Object.entries(VERBS)) {
    for (const word of [...words.split(" "), name]) found.set(word, (found.get(word) ?? 0) | classBit(name));
  }
  return found;
}

function formsOf(verb: string): string[] {
  const e = verb.endsWith("e") ? verb.slice(0, -1) : verb;
  const y = verb.endsWith("y") ? `${verb.slice(0, -1)}ies` : `${verb}s`;
  const last = verb.at(-1) ?? "";
  const doubled = /[aeiou][bdgklmnprt]$/.test(verb) ? [`${verb}${last}ed`, `${verb}${last}ing`] : [];
  return [
    verb,
    y,
    `${verb}es`,
    `${e}ed`,
    `${e}ing`,
    verb.endsWith("y") ? `${verb.slice(0, -1)}ied` : verb,
    ...doubled,
  ];
}

const CLASS_OF_FORM: ReadonlyMap<number, number> = forms();

function forms(): Map<number, number> {
  const found = new Map<number, number>();
  const note = (word: string, mask: number): void => {
    const hash = hashOf(word);
    found.set(hash, (found.get(hash) ?? 0) | mask);
  };
  for (const [verb, mask] of BASE_VERBS) {
    for (const form of new Set([...formsOf(verb), ...(IRREGULAR[verb] ?? [])])) note(form, mask);
  }
  for (const [noun, name] of Object.entries(NOMINAL)) {
    note(noun, classBit(name));
    note(`${noun}s`, classBit(name));
  }
  for (const [name, words] of Object.entries(FOREIGN_WORDS))
    for (const word of words.split(" ")) note(word, classBit(name));
  return found;
}

/** The classes of acts that a word of a sentence speaks of, in any form; 0 for none. */
export function classesOfWord(hash: number): number {
  return CLASS_OF_FORM.get(hash) ?? 0;
}

export function classOfNoun(word: string): number {
  const name = NOMINAL[word];
  return name === undefined ? 0 : classBit(name);
}

/** Words for one kind of thing, the first being the name of the kind. */
const THINGS = [
  "transaction payment transfer money fund funds dollar dollars eur usd euro euros deposit refund amount",
  "event meeting appointment calendar invitation",
  "email mail inbox mailbox",
  "webpage website page site web url link",
  "message dm chat note",
  "file document doc spreadsheet folder docx xlsx attachment",
  "password passcode credential pin pass secret",
  "user person member people colleague account participant attendee guest invitee collaborator profile",
  "hotel room stay accommodation",
  "reservation booking reserve",
  "restaurant table",
  "car vehicle",
  "address street",
  "info information detail",
  "permission access role",
  "workspace slack",
  "repository repo project codebase",
  "issue ticket bug",
  "branch pull merge request pr",
  "order cart item product",
  "task todo",
  "database table record row",
].map((words) => words.split(" "));

/** Hashes of the words, in singular and plural, that a sentence may use for the thing. */
export function wordsForThing(word: string): number[] {
  const singular = word.length > 3 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
  const same = THINGS.filter((words) => words.includes(word) || words.includes(singular)).flat();
  const all = new Set([word, singular, ...same]);
  return [...all].flatMap((each) => [hashOf(each), hashOf(`${each}s`)]);
}
