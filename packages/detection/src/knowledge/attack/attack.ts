import type { Argument } from "../../record/arguments.ts";
import type { ArgumentRole } from "../argument-role.ts";
import { decodedForms } from "./decoded-forms.ts";
import { isMetadataAddress } from "./metadata-address.ts";

/** What an argument tries to make of the program that takes it. */
export const ATTACKS = [
  "path_traversal",
  "command_injection",
  "sql_injection",
  "metadata_address",
  "local_file_url",
  "template_injection",
  "header_injection",
  "xml_entity",
  "prototype_pollution",
] as const;
export type AttackKind = (typeof ATTACKS)[number];

export interface Attack {
  kind: AttackKind;
  /** The argument's path, as `message.to`. */
  path: string;
}

const MAX_CHARS = 4096; // of one argument; an attack is short and stands where the program looks first
const MAX_NARROW_CHARS = 512;
const MAX_ARGUMENTS = 128;
const seen = new WeakMap<readonly Argument[], readonly Attack[]>(); // of one call: several rules ask

/**
 * Attacks in a call's arguments, each judged by what the argument is for: SQL in a query of SQL, a command in a command and
 * anything in a text are what these are for.
 */
export function attacksIn(args: readonly Argument[]): readonly Attack[] {
  const known = seen.get(args);
  if (known !== undefined) return known;
  const found: Attack[] = [];
  for (const { path, text, role } of args.slice(0, MAX_ARGUMENTS)) {
    if (path.includes("__proto__") || /(?:^|\.)constructor\.prototype(?:\.|$)/.test(path))
      found.push({ kind: "prototype_pollution", path });
    if (text.length < 4) continue;
    for (const kind of kindsIn(text.length > MAX_CHARS ? text.slice(0, MAX_CHARS) : text, role, path))
      found.push({ kind, path });
  }
  seen.set(args, found);
  return found;
}

type Roles = ReadonlySet<ArgumentRole>;
const roles = (...names: ArgumentRole[]): Roles => new Set(names);
const LOCATING = roles("path", "id", "other", "destination", "query");
const NARROW = roles("path", "id", "other", "destination", "amount", "time"); // no one writes sentences there
const ASKED = roles("path", "id", "other", "amount", "time", "query", "destination");

const TRAVERSAL = /(?:^|[\\/=:])(?:\.{2}[\\/]+){1,40}/;
const DEEP_TRAVERSAL = /(?:\.{2}[\\/]+){10}/; // deeper than any project's folders
const SENSITIVE =
  /(?:\.{2}[\\/]+)(?:[\w.-]+[\\/]+){0,6}?(?:etc[\\/]+(?:passwd|shadow|hosts|sudoers|ssh)|proc[\\/]+self|root[\\/]|\.ssh(?:[\\/]|$)|\.aws(?:[\\/]|$)|\.env$|windows[\\/]+(?:win\.ini|system32)|boot\.ini|id_rsa|WEB-INF|var[\\/]+(?:log|run)[\\/])/i;
const ENCODED_DOTS = /(?:%2e|%252e|%c0%ae|\.)(?:%2e|%252e|%c0%ae|\.)(?:%2f|%5c|%252f|%255c|%c0%af)/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a path that ends there for some programs
const NUL = /%00|\u0000/;

const COMMAND =
  "(?:curl|wget|ncat|nc|bash|sh|zsh|rm|cat|python3?|perl|ruby|php|node|id|whoami|uname|sleep|ping|nslookup|chmod|chown|powershell|cmd(?:\\.exe)?|touch|env|ls|echo|base64|tee|mkfifo|kill|reboot|shutdown)";
const SEPARATED = new RegExp(
  String.raw`(?:;|&&|\|\||\n)\s{0,8}(?:sudo\s{1,4})?${COMMAND}(?:\s+[-/\w"'$.~<>|]|\s*$|\s*[;|&#])`,
);
const PIPED =
  /\S\s{0,4}\|\s{0,4}(?:sudo\s{1,4})?(?:ba|z)?sh(?:\s|$|;)|\S\s{0,4}\|\s{0,4}(?:nc|ncat|curl|wget|python3?|perl|base64)\s+-?\S/;
const SUBSTITUTED = new RegExp(
  `${String.raw`\$\(\s*${COMMAND}\b[^)]{0,200}\)|`}\`\\s*${String.raw`${COMMAND}\b[^`}\`]{0,200}\``,
);
const OPTION =
  /^--?(?:upload-pack|receive-pack|exec|oProxyCommand|o\s*ProxyCommand|config=core\.|use-compress-program|checkpoint-action)\b/i;

const SQL =
  /['")]\s*(?:or|and)\s+(?:not\s+)?['"(]?[\w.]{1,24}['"]?\s*(?:=|<|>|like\b)\s*['"(]?[\w.%]|['")]\s*;\s*(?:drop|delete|insert|update|alter|truncate|exec|shutdown|create|grant)\s+\w|['")\d]\s*(?:\/\*.{0,20}\*\/|\s)\s*union(?:\s|\/\*.{0,20}\*\/)+(?:all\s+)?select\s|\b(?:pg_sleep|waitfor\s+delay|benchmark|sleep)\s*\(?\s*['"]?\d{1,9}[^\w]{0,6}(?:--|#|$)|\bxp_cmdshell\b|\binto\s+(?:out|dump)file\b|^\s*['"]\s*(?:--|#)\s*$/i;

const TEMPLATE =
  /\{\{\s*(?:\d{1,9}\s*[*+-]\s*['"]?\d|.{0,80}__(?:class|globals|subclasses|init|mro|builtins)__|.{0,40}\b(?:config\.|lipsum|cycler|joiner|request\.application|self\._))|\$\{\s*(?:\d{1,9}\s*\*\s*\d|T\(java|.{0,40}getRuntime|.{0,40}ProcessBuilder)|<%=?\s*(?:\d{1,9}\s*\*\s*\d|system|`|exec|IO\.)|#\{\s*(?:\d{1,9}\s*\*\s*\d|`|system)|\{%\s*(?:import|include)\b.{0,40}\bos\b/i;
const JNDI =
  /\$\{\s*(?:jndi|\$\{(?:lower|upper|::?-)[^}]{0,20}\}){1,8}[^}]{0,40}(?:ldaps?|rmi|dns|iiop|corba|nis)\s*:/i;
const HEADER =
  /(?:%0d%0a|%0a|\r?\n|\\r\\n)[ \t]{0,8}(?:set-cookie|location|content-(?:type|length|transfer-encoding)|transfer-encoding|bcc|cc|reply-to|host|x-[a-z-]{2,30}|http\/1)\b\s*[:.]?/i;
const SUBJECT = /(?:^|\.)(?:subject|title|from|reply_?to)$/i;
const XML = /<!(?:ENTITY|DOCTYPE)\s[^>]{0,200}\b(?:SYSTEM|PUBLIC)\s+["'](?!-\/\/|about:)/;
const LOCAL_FILE =
  /^\s*(?:file:\/{0,3}|php:\/\/|expect:\/\/|gopher:\/\/|dict:\/\/|ldap:\/\/|jar:(?:http|file):|netdoc:)/i;

function* kindsIn(text: string, role: ArgumentRole, path: string): Iterable<AttackKind> {
  if (JNDI.test(text)) yield "template_injection";
  if (XML.test(text) && role !== "code") yield "xml_entity";
  if (role === "code") {
    if (isMetadataAddress(text)) yield "metadata_address";
    return;
  }
  if (role === "text") {
    if (SUBJECT.test(path) && HEADER.test(text)) yield "header_injection";
    return;
  }
  if (role === "privilege" || (role !== "path" && role !== "destination" && isProse(text))) return;
  const forms = decodedForms(text);
  if (LOCATING.has(role) && isTraversal(text, forms)) yield "path_traversal";
  if (isMetadataAddress(text)) yield "metadata_address";
  if (role === "destination" && LOCAL_FILE.test(text)) yield "local_file_url";
  if (ASKED.has(role)) {
    if (forms.some((form) => isCommand(form, role))) yield "command_injection";
    if (forms.some((form) => SQL.test(form))) yield "sql_injection";
    if (!JNDI.test(text) && forms.some((form) => TEMPLATE.test(form))) yield "template_injection";
  }
  if ((role === "destination" || role === "id" || SUBJECT.test(path)) && HEADER.test(text))
    yield "header_injection";
}

/** What nobody would take for a name, an id or a question. */
function isProse(text: string): boolean {
  return text.length > MAX_NARROW_CHARS || text.indexOf("\n", text.indexOf("\n") + 1) > 0;
}

function isTraversal(text: string, forms: readonly string[]): boolean {
  if (ENCODED_DOTS.test(text) && text.includes("%")) return true;
  if (!text.includes("..")) return false;
  if (TRAVERSAL.test(text) && NUL.test(text)) return true;
  return forms.some((form) => TRAVERSAL.test(form) && (SENSITIVE.test(form) || DEEP_TRAVERSAL.test(form)));
}

function isCommand(form: string, role: ArgumentRole): boolean {
  if (OPTION.test(form)) return true;
  // Questions quote code in backticks.
  if (SUBSTITUTED.test(form) && (NARROW.has(role) || form.includes("$("))) return true;
  // A question may hold lines and semicolons; a name or a path does not.
  if (!NARROW.has(role)) return /;\s*(?:curl|wget|nc|rm|bash|sh)\s+[-/h]/.test(form) && !form.includes("\n");
  return SEPARATED.test(form) || PIPED.test(form);
}
