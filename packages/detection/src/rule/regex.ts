import { RE2JS } from "re2js";
import { RuleProblem } from "./rule-problem.ts";
import type { Anchor, RegexFlags } from "./sigma-value.ts";

const MAX_PROGRAM = 1000; // RE2 instructions; `(?i)api[_-]?key\s*=\s*[a-z0-9]{16,}` has 32, and time grows with them

const MAX_STATE_BYTES = 2 * 1024 * 1024; // that an expression remembers of the texts it has seen; re2js would take 8 MiB
const MAX_TEXT_CHARS = 16 * 1024; // of one value that an expression sees: less than 1 ms for usual ones
const MAX_STEPS = 4_000_000; // characters × instructions of one search: 16 Ki characters for 244 instructions

/** Compiles an expression that is looked for anywhere in a text, in time linear in the text. @throws RuleProblem */
export function regexTest(
  source: string,
  { ignoreCase, multiline, dotAll }: RegexFlags,
  { start, end }: Anchor,
  path: readonly PropertyKey[],
): (text: string) => boolean {
  const flags =
    (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) |
    (multiline ? RE2JS.MULTILINE : 0) |
    (dotAll ? RE2JS.DOTALL : 0);
  const compiled = compile(
    `${start ? "\\A" : ""}${start || end ? `(?:${source})` : source}${end ? "\\z" : ""}`,
    flags,
    path,
  );
  if (compiled.programSize() > MAX_PROGRAM) {
    throw new RuleProblem(
      path,
      `expected a smaller regular expression: at most ${MAX_PROGRAM} instructions, found ${compiled.programSize()}`,
    );
  }
  const { dfa } = compiled.re2Input;
  dfa.stateBudget = MAX_STATE_BYTES;
  dfa.memBudget = MAX_STATE_BYTES;
  const most = Math.min(MAX_TEXT_CHARS, Math.floor(MAX_STEPS / compiled.programSize()));
  return (text) => compiled.test(text.length > most ? text.slice(0, most) : text);
}

function compile(source: string, flags: number, path: readonly PropertyKey[]): RE2JS {
  try {
    return RE2JS.compile(source, flags);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RuleProblem(path, `expected a regular expression that RE2 accepts: ${reason}`);
  }
}
