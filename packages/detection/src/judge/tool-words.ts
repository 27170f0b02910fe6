import { BASE_VERBS, classBit, classesOfWord, classOfNoun, wordsForThing } from "./action-words.ts";
import { hashOf } from "./token-scan.ts";

/** What a sentence would have to say to be speaking of a tool: worked out from its name alone. */
export interface ToolWords {
  /** Bits of the classes of acts. */
  classes: number;
  /** Hashes of the words for what it acts on. */
  things: ReadonlySet<number>;
  /** Hash of the whole name, where nobody would write it by chance. */
  literal: number | null;
  /** Keeps a link that it is given, as opposed to opening it: things will be sent or taken there. */
  keeps: boolean;
  /** Sets what it is given (a new password), as opposed to presenting it (to log in). */
  presents: boolean;
}

const CAMEL = /([a-z0-9])([A-Z])/g;
const READS = new Set(
  "get read list search fetch find check query lookup look view describe retrieve show count browse inspect select load scan".split(
    " ",
  ),
);
/** Verbs that are nouns behind another verb: `update_order` orders nothing. */
const NOUN_TOO = new Set(
  "email message post book order schedule mail tweet comment file add set open change text note plan transfer refund deposit".split(
    " ",
  ),
);
const PRESENTS = new Set(
  "login log signin sign authenticate auth verify confirm connect unlock validate register signup".split(" "),
);
const KEEPS = new Set(
  "create add set update upsert register configure deploy install subscribe insert put change edit replace".split(
    " ",
  ),
);
const OPENED = new Set("tab page window browser".split(" "));
const STOP = new Set(
  "a an the of to in on for with from by at as and or all any new my mcp tool tools".split(" "),
);
const MAX_MEMO = 4096; // tool names are few; hostile ones must not fill memory
const memo = new Map<string, ToolWords>(); // a pure function's memory: it changes speed and nothing else

export function toolWords(name: string): ToolWords {
  const known = memo.get(name);
  if (known !== undefined) return known;
  if (memo.size >= MAX_MEMO) memo.clear();
  const found = judge(name.length > MAX_NAME_CHARS ? name.slice(0, MAX_NAME_CHARS) : name);
  memo.set(name, found);
  return found;
}

const MAX_NAME_CHARS = 256;

function judge(name: string): ToolWords {
  // A server's prefix (`email.search_emails`, `mcp__mail__send`) says where a tool lives, not what it does.
  const bare = name.split(/__|[./:]/).findLast((part) => part !== "") ?? name;
  const words = bare
    .replace(CAMEL, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  let classes = 0;
  let verb: string | null = null;
  for (const word of words) {
    const mask = BASE_VERBS.get(word) ?? 0;
    if (mask === 0) classes |= classOfNoun(word);
    else if (verb === null) {
      verb = word;
      classes |= mask;
    } else if (!NOUN_TOO.has(word)) classes |= mask;
  }
  if (classes === 0) for (const word of words) classes |= classesOfWord(hashOf(word));
  const things = new Set<number>();
  for (const word of words) {
    if (word === verb || STOP.has(word) || READS.has(word)) continue;
    for (const hash of wordsForThing(word)) things.add(hash);
  }
  const money = ["transaction", "money", "payment", "funds"].some((word) => things.has(hashOf(word)));
  if (money) classes |= classBit("pay");
  else if ((classes & classBit("send")) !== 0 && verb !== "pay" && verb !== "transfer")
    classes &= ~classBit("pay");
  return {
    classes,
    things,
    literal: /_|[a-z][A-Z]/.test(bare) ? hashOf(bare.toLowerCase()) : null,
    keeps: words.some((word) => KEEPS.has(word)) && !words.some((word) => OPENED.has(word)),
    presents: words.some((word) => PRESENTS.has(word)),
  };
}
