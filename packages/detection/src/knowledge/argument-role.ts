/** What an argument is for, by its name: where something goes, a privilege, code, text, what is addressed. */
export type ArgumentRole = "destination" | "privilege" | "code" | "text" | "path" | "other";

const DESTINATION =
  /recipient|(^|_)to(_|$)|cc$|participant|attendee|e?mail(_?address(es)?)?s?$|^address$|iban|payee|beneficiary|url|uri|host|domain|webhook|channel|destination|invite|phone|endpoint|receiver/;
const PRIVILEGE = /password|secret|token|permission|role|scope|passcode|(^|_)pin$/;
const CODE = /(^|_)(command|cmd|code|script|sql|shell|query_sql)$/;
const PATH = /path|file|dir|folder|filename/;
const TEXT = /body|content|text|message|description|note|comment|subject|title|summary|payload|data/;
const CAMEL = /([a-z0-9])([A-Z])/g;

const MAX_MEMO = 4096; // argument names are few; hostile ones must not fill memory
const memo = new Map<string, ArgumentRole>(); // a pure function's memory: it changes speed and nothing else

export function roleOfArgument(name: string): ArgumentRole {
  const known = memo.get(name);
  if (known !== undefined) return known;
  const role = judge(name.replace(CAMEL, "$1_$2").toLowerCase());
  if (memo.size >= MAX_MEMO) memo.clear();
  memo.set(name, role);
  return role;
}

function judge(name: string): ArgumentRole {
  if (DESTINATION.test(name)) return "destination";
  if (PRIVILEGE.test(name)) return "privilege";
  if (CODE.test(name)) return "code";
  if (PATH.test(name)) return "path";
  if (TEXT.test(name)) return "text";
  return "other";
}
