import { LedgerError } from "../errors.ts";
import { SIGNATURE_TYPE, toHex } from "../note/key-id.ts";
import { type KeyVerifier, parseVerifierKey } from "../note/verifier.ts";
import { type PolicyLine, policyInvalid, policyLines, wordAsText } from "./lines.ts";
import type { Policy, PolicyLog, PolicyMember } from "./policy.ts";

const MAX_EACH = 256; // logs, witnesses, groups; the specification asks for 32. Bounds how deep groups nest, too
const NONE = "none";

/**
 * A tlog-policy file. Every mistake is an error that names its line; nothing is skipped.
 * @throws LedgerError TRIPLINE_LEDGER_POLICY_INVALID
 */
export function parsePolicy(file: Uint8Array): Policy {
  const reader = new PolicyReader();
  for (const line of policyLines(file)) reader.take(line);
  return reader.policy();
}

class PolicyReader {
  readonly #logs: PolicyLog[] = [];
  readonly #defined = new Map<string, PolicyMember>();
  readonly #memberOf = new Map<string, number>();
  readonly #logKeys = new Map<string, number>();
  readonly #witnessKeys = new Map<string, number>();
  #quorum: { line: number; value: PolicyMember | "none" } | undefined;

  take({ number, words: [keyword = "", ...rest] }: PolicyLine): void {
    switch (keyword) {
      case "log":
        this.#log(number, rest);
        break;
      case "witness":
        this.#witness(number, rest);
        break;
      case "group":
        this.#group(number, rest);
        break;
      case "quorum":
        this.#setQuorum(number, rest);
        break;
      default:
        throw policyInvalid(number, `${quoted(keyword)} is not known: log, witness, group and quorum are`);
    }
  }

  policy(): Policy {
    if (this.#quorum === undefined) {
      throw new LedgerError(
        "TRIPLINE_LEDGER_POLICY_INVALID",
        "there is no quorum line: add `quorum NAME`, or `quorum none` to trust the log alone",
      );
    }
    const witnesses = [...this.#defined.values()].filter((member) => member.kind === "witness");
    return { logs: this.#logs, witnesses, quorum: this.#quorum.value };
  }

  #log(line: number, words: string[]): void {
    const [vkey, url, ...more] = words;
    if (vkey === undefined || more.length > 0) throw policyInvalid(line, "expected `log KEY [URL]`");
    if (this.#logs.length === MAX_EACH) throw policyInvalid(line, `more than ${MAX_EACH} logs`);
    const key = keyOf(line, vkey, SIGNATURE_TYPE.ed25519, "a log's key has type 1 (Ed25519)");
    once(this.#logKeys, key, line, "log");
    this.#logs.push({ key, url: url === undefined ? null : wordAsText(url) });
  }

  #witness(line: number, words: string[]): void {
    const [name, vkey, url, ...more] = words;
    if (name === undefined || vkey === undefined || more.length > 0) {
      throw policyInvalid(line, "expected `witness NAME KEY [URL]`");
    }
    const key = keyOf(
      line,
      vkey,
      SIGNATURE_TYPE.cosignatureV1,
      "a witness's key has type 4 (cosignature/v1)",
    );
    once(this.#witnessKeys, key, line, "witness");
    this.#define(line, name, {
      kind: "witness",
      name: wordAsText(name),
      key,
      url: url === undefined ? null : wordAsText(url),
    });
  }

  #group(line: number, words: string[]): void {
    const [name, many, ...names] = words;
    if (name === undefined || many === undefined || names.length === 0) {
      throw policyInvalid(line, "expected `group NAME all|any|K MEMBER…`");
    }
    const threshold = thresholdOf(line, many, names.length);
    const members = names.map((member) => {
      const defined = this.#known(line, member);
      const before = this.#memberOf.get(member);
      if (before !== undefined) {
        throw policyInvalid(
          line,
          `${quoted(member)} is a member already (line ${before}): it would count twice`,
        );
      }
      this.#memberOf.set(member, line);
      return defined;
    });
    this.#define(line, name, { kind: "group", name: wordAsText(name), threshold, members });
  }

  #setQuorum(line: number, words: string[]): void {
    const [name, ...more] = words;
    if (name === undefined || more.length > 0)
      throw policyInvalid(line, "expected `quorum NAME` or `quorum none`");
    if (this.#quorum !== undefined) {
      throw policyInvalid(line, `there is a quorum already (line ${this.#quorum.line})`);
    }
    this.#quorum = { line, value: name === NONE ? NONE : this.#known(line, name) };
  }

  #define(line: number, name: string, member: PolicyMember): void {
    if (name === NONE) throw policyInvalid(line, "`none` can't be the name of a witness or group");
    if (this.#defined.has(name)) throw policyInvalid(line, `${quoted(name)} is defined already`);
    const alike = [...this.#defined.values()].filter(({ kind }) => kind === member.kind);
    if (alike.length === MAX_EACH) throw policyInvalid(line, `more than ${MAX_EACH} of ${member.kind}`);
    this.#defined.set(name, member);
  }

  #known(line: number, name: string): PolicyMember {
    const member = this.#defined.get(name);
    if (member !== undefined) return member;
    throw policyInvalid(line, `${quoted(name)} is not defined on a line before this one`);
  }
}

function keyOf(line: number, word: string, type: number, expected: string): KeyVerifier {
  let key: KeyVerifier;
  try {
    key = parseVerifierKey(wordAsText(word));
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    throw policyInvalid(line, error.message, error);
  }
  if (key.type !== type) throw policyInvalid(line, `${expected}; this one has ${key.type}`);
  return key;
}

/** The same public key twice is one party counted as two, whatever its names. */
function once(seen: Map<string, number>, { publicKey }: KeyVerifier, line: number, what: string): void {
  const id = toHex(publicKey);
  const before = seen.get(id);
  if (before !== undefined) throw policyInvalid(line, `this ${what} has the public key of line ${before}`);
  seen.set(id, line);
}

function thresholdOf(line: number, many: string, members: number): number {
  if (many === "any") return 1;
  if (many === "all") return members;
  const threshold = /^[1-9][0-9]{0,3}$/.test(many) ? Number(many) : 0;
  if (threshold >= 1 && threshold <= members) return threshold;
  throw policyInvalid(line, `${quoted(many)} is not all, any or a number from 1 to ${members}`);
}

/** Policies are written by people who trust themselves, and shown in terminals all the same. */
function quoted(word: string): string {
  const text = wordAsText(word);
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
