import { LedgerError } from "../errors.ts";
import { decodeText } from "../note/text.ts";

const MAX_POLICY_BYTES = 1024 * 1024; // some thousand lines; the specification asks for about a hundred

/** One line that says something. Words are octets, one character each: what they mean in Unicode is of no account. */
export interface PolicyLine {
  /** From 1. */
  number: number;
  words: string[];
}

/**
 * The lines of a policy file, without comments and empty ones (C2SP tlog-policy, "Structure" and "Character set"). The last
 * line may lack its newline.
 * @throws LedgerError TRIPLINE_LEDGER_POLICY_INVALID
 */
export function policyLines(file: Uint8Array): PolicyLine[] {
  if (file.length > MAX_POLICY_BYTES) {
    throw new LedgerError("TRIPLINE_LEDGER_POLICY_INVALID", `a policy has at most ${MAX_POLICY_BYTES} bytes`);
  }
  const lines = octets(file).split("\n");
  return lines.flatMap((line, index) => {
    const number = index + 1;
    const odd = oddOctet(line);
    if (odd !== null) {
      const hint = odd === 0x0d ? ": save the file with Unix line ends" : "";
      throw policyInvalid(
        number,
        `control character 0x${odd.toString(16).padStart(2, "0")} is not allowed${hint}`,
      );
    }
    const words = line.split(/[ \t]+/).filter((word) => word !== "");
    const [first = "#"] = words;
    return first.startsWith("#") ? [] : [{ number, words }];
  });
}

/** A word as text, for people, keys and URLs: UTF-8 where it is that, else an octet a character. */
export function wordAsText(word: string): string {
  return decodeText(Uint8Array.from(word, (character) => character.charCodeAt(0))) ?? word;
}

/** Whoever read the file puts its name before this. */
export function policyInvalid(line: number, why: string, cause?: unknown): LedgerError {
  return new LedgerError("TRIPLINE_LEDGER_POLICY_INVALID", `line ${line}: ${why}`, cause);
}

function octets(file: Uint8Array): string {
  let text = "";
  const chunk = 0x8000; // arguments to one call; more would overflow the stack
  for (let at = 0; at < file.length; at += chunk)
    text += String.fromCharCode(...file.subarray(at, at + chunk));
  return text;
}

function oddOctet(line: string): number | null {
  for (let at = 0; at < line.length; at++) {
    const octet = line.charCodeAt(at);
    if ((octet < 0x20 && octet !== 0x09) || octet === 0x7f) return octet;
  }
  return null;
}
