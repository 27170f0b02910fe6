/** What a text tells a model to do that is no description of a tool. English, with the commonest phrases of others. */
export interface InstructionSign {
  name: string;
  points: number;
  note: string;
  phrase: string;
}

const SENSITIVE_PATH =
  /(?:~|\$HOME|%USERPROFILE%|\/home\/\w+|\/root|\/Users\/\w+)[\\/]\.(?:ssh|aws|gnupg|kube|docker|cursor|claude|config|netrc|npmrc|pypirc|git-credentials|bash_history|zsh_history|env)\b|\bid_(?:rsa|ed25519|ecdsa)\b|(?:^|[\s'"`/])mcp\.json\b|claude_desktop_config\.json|\/etc\/(?:shadow|passwd)\b|\.aws[\\/]credentials/i;
interface Phrase {
  name: string;
  points: number;
  note: string;
  pattern: RegExp;
}

/** Each is linear: bounded repetitions of classes that do not overlap with what follows. */
const PHRASES: readonly Phrase[] = [
  {
    name: "concealment",
    points: 3,
    note: "asks to keep something from the user",
    pattern:
      /\b(?:do\s+not|don['’]t|never|must\s+not|without|avoid)\s+(?:\w+\s+){0,2}(?:tell|mention|inform|notify|reveal|disclose|alert|telling|mentioning|informing|notifying|revealing|disclosing|alerting)\s+(?:(?:\w+\s+){0,4}(?:user|human|customer|anyone|them|him|her|person)\b|that\b|this\b|about\b)|\b(?:nicht|niemals)\b.{0,40}\b(?:Benutzer|Nutzer)\b.{0,40}\b(?:sagen|mitteilen|erwähnen)|\bsin\s+(?:informar|avisar|decir)\b.{0,20}\busuario|\bsans\s+(?:en\s+)?informer\b.{0,20}\butilisateur|(?:不要|请勿|别)(?:告诉|通知|提及).{0,10}用户/i,
  },
  {
    name: "secrecy",
    points: 1.5,
    note: "speaks of doing something secretly",
    pattern: /\b(?:silently|secretly|covertly|in the background without|hidden from the (?:user|human))\b/i,
  },
  {
    name: "override",
    points: 4,
    note: "tells to set other instructions aside",
    pattern:
      /\b(?:ignore|disregard|forget|override|bypass)\s+(?:(?:all|any|the|your|every|of|these|those)\s+){0,3}(?:previous|prior|earlier|above|existing|other|system|safety|security)\b.{0,40}\b(?:instructions?|prompts?|rules?|guidelines?|messages?|constraints?|polic)/i,
  },
  {
    name: "orders_other_tools",
    points: 2,
    note: "says what must happen when other tools are used",
    pattern:
      /\b(?:before|after|prior\s+to|when(?:ever)?|each\s+time|every\s+time)\b.{0,40}\b(?:using|use|calling|call|invoking|invoke|running|any|all|other)\b.{0,24}\b(?:any|all|other|every|another)\b.{0,24}\b(?:tools?|commands?)\b|\b(?:before|prior\s+to)\s+(?:executing|running|issuing)\s+(?:any|every|each)\b|\bwhen(?:ever)?\b.{0,60}\b(?:is|are)\s+(?:called|invoked|used)\b.{0,80}\b(?:must|change|replace|instead|always|also)\b/i,
  },
  {
    name: "preference",
    points: 1.5,
    note: "wants to be used in place of others",
    pattern:
      /\b(?:always|must|only)\s+(?:use|prefer|choose|select|call)\s+this\s+(?:tool|one)\b.{0,60}\b(?:instead|over|rather|before)\b|\b(?:never|do\s+not|don['’]t)\s+use\s+(?:any\s+)?other\s+(?:\w+\s+)?tools?\b/i,
  },
  {
    name: "condition",
    points: 1,
    note: "makes something else a condition of using it",
    pattern:
      /\bbefore\s+(?:using|calling|invoking|running)\s+this\s+tool\b|\b(?:otherwise|or\s+else)\b.{0,40}\b(?:tool|it|this)\b.{0,20}\b(?:not\s+work|fail|break|crash)/i,
  },
  {
    name: "sensitive_path",
    points: 1.5,
    note: "names a file that usually holds keys",
    pattern: SENSITIVE_PATH,
  },
  {
    name: "passes_on",
    points: 2,
    note: "asks for content of elsewhere in a parameter",
    pattern:
      /\b(?:pass|put|include|provide|append|insert|attach|copy|write)\b[^.\n]{0,60}\b(?:its|their|the\s+(?:full|entire|whole|complete|raw|file|previous)|full|entire|whole|all)\b[^.\n]{0,30}\b(?:contents?|conversation|history|chat|messages|system\s+prompt|credentials?|passwords?|environment(?:\s+variables?)?|api\s+keys?)\b[^.\n]{0,60}\b(?:as|in|into|under|via|through)\b/i,
  },
  {
    name: "asks_for_prompt",
    points: 2.5,
    note: "asks for the prompt or the whole conversation",
    pattern:
      /\b(?:your|the)\s+(?:full\s+|entire\s+|complete\s+|original\s+)?system\s+prompt\b|\b(?:entire|whole|full|complete)\s+(?:conversation|chat)(?:\s+(?:history|so\s+far|transcript))?\b/i,
  },
];

/** Something that is asked for by a verb shortly before it. */
interface Request {
  name: string;
  points: number;
  note: string;
  what: RegExp;
  verb: RegExp;
  /** How far before it the verb may stand, in characters. */
  within: number;
}

/** What is asked for is found first and the verb looked for before it: the other way round takes the square of the time. */
const REQUESTS: readonly Request[] = [
  {
    name: "takes_sensitive_file",
    points: 2.5,
    note: "asks for a file that usually holds keys",
    what: new RegExp(SENSITIVE_PATH.source, "gi"),
    verb: /\b(?:read|open|cat|load|access|retrieve|fetch|get|include|pass|attach|send|copy|upload|lies|lis|lee|leggi)\b[^.\n]*$/i,
    within: 72,
  },
  {
    name: "sends_to_address",
    points: 3,
    note: "names an address to send to",
    what: /@(?!(?:[\w-]{1,63}\.){0,4}(?:example|test|invalid|localhost|domain|company|yourcompany|mail|email|gmail)\.)[\w-]{1,63}\.[\w.-]{2,63}/gi,
    verb: /\b(?:bcc|cc|forward|copy|send|redirect|route|deliver|proxy)\w{0,4}\b[^\n]*[\w.+-]$/i,
    within: 140,
  },
  {
    name: "sends_to_url",
    points: 2,
    note: "names a web address to send to",
    what: /https?:\/\//gi,
    verb: /\b(?:send|post|upload|forward|exfiltrat|report|transmit)\w{0,4}\b[^.\n]*\b(?:to|at)\b[^.\n]{0,20}$/i,
    within: 90,
  },
];

const MAX_REQUESTS = 20; // places in one text that are looked at
const MAX_PHRASE_CHARS = 100;

export function instructionSigns(text: string): InstructionSign[] {
  const found: InstructionSign[] = [];
  for (const { name, points, note, pattern } of PHRASES) {
    const match = pattern.exec(text);
    if (match !== null) found.push({ name, points, note, phrase: match[0].slice(0, MAX_PHRASE_CHARS) });
  }
  for (const { name, points, note, what, verb, within } of REQUESTS) {
    let looked = 0;
    for (const { index, 0: named } of text.matchAll(what)) {
      looked += 1;
      if (looked > MAX_REQUESTS) break;
      const asked = verb.exec(text.slice(Math.max(0, index - within), index));
      if (asked === null) continue;
      found.push({ name, points, note, phrase: (asked[0] + named).slice(0, MAX_PHRASE_CHARS) });
      break;
    }
  }
  return found;
}
