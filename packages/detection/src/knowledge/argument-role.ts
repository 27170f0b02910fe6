import { words } from "./words.ts";

/** What an argument is for. `other` is what neither name nor schema tells. */
export const ARGUMENT_ROLES = [
  "destination", // where something goes: mail address, URL, host, account, channel
  "privilege", // a password, a key, a permission, a role
  "code", // a command, a script, SQL
  "text", // what somebody will read
  "path", // a file or a folder
  "query", // what is searched for
  "id", // which one
  "amount",
  "time",
  "other",
] as const;
export type ArgumentRole = (typeof ARGUMENT_ROLES)[number];

const DESTINATION =
  /recipient|(^|_)to(_|$)|cc$|participant|attendee|e?mail(_?address(es)?)?s?$|^address$|iban|payee|beneficiary|url|uri|host|domain|webhook|channel|destination|invite|phone|endpoint|receiver|(^|_)(remote|bucket|origin|proxy|callback|server)$/;
const PRIVILEGE =
  /password|passphrase|secret|token|permission|role|scope|passcode|(^|_)pin$|api_?key|credential/;
const CODE = /(^|_)(command|cmd|code|script|sql|shell|query_sql|expression|javascript|function)$/;
const PATH = /path|file|dir|folder|filename/;
const TEXT = /body|content|text|message|description|note|comment|subject|title|summary|payload|data|string/;
const QUERY = /(^|_)(q|query|queries|search|keyword|keywords|pattern|filter|term|question|prompt)$/;
const TIME =
  /(^|_)(date|time|day|start|end|since|until|before|after|deadline|due|at|timezone|duration|when)$|_(at|on)$|datetime/;
const AMOUNT = /(^|_)(amount|price|sum|total|quantity|qty|cost|budget|balance|value_usd)$|(^|_)amount/;
const ID = /(^|_)(id|ids|uuid|guid|key|ref|number|slug|sha|hash|name)$/;
const CAMEL = /([a-z0-9])([A-Z])/g;

const NAMED: readonly (readonly [ArgumentRole, RegExp])[] = [
  ["destination", DESTINATION],
  ["privilege", PRIVILEGE],
  ["code", CODE],
  ["path", PATH],
  ["text", TEXT],
  ["query", QUERY],
  ["time", TIME],
  ["amount", AMOUNT],
  ["id", ID],
];
const ASIDE =
  /^(?:max|min|num|is|has|include|exclude|use|enable|raw|limit|page|count|sort|format)(?:_|$)|_(?:limit|count|size|type|format)$/;

const MAX_MEMO = 4096; // argument names are few; hostile ones must not fill memory
const memo = new Map<string, ArgumentRole>(); // a pure function's memory: it changes speed and nothing else

/** What an argument is for, by its name. */
export function roleOfArgument(name: string): ArgumentRole {
  const known = memo.get(name);
  if (known !== undefined) return known;
  const role = judge(name.replace(CAMEL, "$1_$2").replaceAll("-", "_").toLowerCase());
  if (memo.size >= MAX_MEMO) memo.clear();
  memo.set(name, role);
  return role;
}

function judge(name: string): ArgumentRole {
  if (ASIDE.test(name)) return "other";
  return NAMED.find(([, pattern]) => pattern.test(name))?.[0] ?? "other";
}

const WEAK: ReadonlySet<ArgumentRole> = new Set<ArgumentRole>(["id", "amount", "time", "query", "other"]);

/** Of a member of an object: its own role, but what only orders or names (`recipients[].id`) belongs to its parent's. */
export function roleWithin(parent: ArgumentRole, own: ArgumentRole): ArgumentRole {
  if (!WEAK.has(own)) return own;
  if (!WEAK.has(parent)) return parent;
  return own === "other" ? parent : own;
}

const FORMATS: ReadonlyMap<string, ArgumentRole> = new Map([
  ["uri", "destination"],
  ["url", "destination"],
  ["iri", "destination"],
  ["email", "destination"],
  ["idn-email", "destination"],
  ["hostname", "destination"],
  ["ipv4", "destination"],
  ["ipv6", "destination"],
  ["date", "time"],
  ["date-time", "time"],
  ["time", "time"],
  ["duration", "time"],
  ["uuid", "id"],
  ["password", "privilege"],
]);
const MAX_DESCRIPTION_CHARS = 160; // the rest explains, it does not name

/**
 * What a property is for by its schema, where that says more than its name: its format, else its description's own words.
 * Null where the name's word stands. A description can add a risk (`target: the URL to call`) and never take one away,
 * but for an address that is a place.
 */
export function roleBySchema(name: string, schema: Readonly<Record<string, unknown>>): ArgumentRole | null {
  const byName = roleOfArgument(name);
  if (typeof schema.format === "string") {
    const byFormat = FORMATS.get(schema.format);
    if (byFormat !== undefined && WEAK.has(byName)) return byFormat;
  }
  if (schema.type === "boolean" || schema.type === "integer") return null;
  const description =
    typeof schema.description === "string" ? schema.description.slice(0, MAX_DESCRIPTION_CHARS) : "";
  const spoken = new Set(words(description));
  if (byName === "destination")
    return name.toLowerCase() === "address" && says(spoken, "place street postal geographic")
      ? "other"
      : null;
  if (byName === "query" || byName === "other") {
    if (says(spoken, "sql cypher") || /\b(?:SELECT|INSERT|UPDATE) /.test(description)) return "code";
    if (/\b(?:shell )?command to (?:run|execute)|\bscript\b|\bcode to (?:run|execute)/i.test(description))
      return "code";
  }
  if (byName !== "other" || Array.isArray(schema.enum)) return null;
  if (says(spoken, "url uri webhook hostname")) return "destination";
  if (/\b(?:e-?mail address|recipient)/i.test(description)) return "destination";
  if (/\b(?:path (?:to|of)|file ?path|directory)\b/i.test(description)) return "path";
  if (/\b(?:password|secret|api key)\b/i.test(description)) return "privilege";
  return null;
}

function says(spoken: ReadonlySet<string>, wanted: string): boolean {
  return wanted.split(" ").some((word) => spoken.has(word));
}
