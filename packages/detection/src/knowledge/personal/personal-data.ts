import type { Argument } from "../../record/arguments.ts";
import { kindOfToken, redactionTokensIn } from "../../text/features.ts";
import { fnv1a } from "../../text/hashing.ts";
import { PERSONAL_KINDS } from "./personal-kinds.ts";

const MAX_CHARS = 64 * 1024; // of one text
const MAX_COUNTED = 1000;
const MAX_LOOKED = 2000; // of each kind in one text
const LOCAL_PART = /[\w.+-]{1,64}$/;
const DOMAIN = /^[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/;
const IBAN = /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b/g;
const CARD = /(?<![\d.-])\d(?:[ -]?\d){12,18}(?![\d.-]|\.\d)/g;
const PHONE =
  /(?<![\w.+-])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){6,11}|\(\d{3}\) ?\d{3}[ -]\d{4}|\d{3}-\d{3}-\d{4})(?![\w-])/g;

const seen = new WeakMap<readonly Argument[], number>(); // of one call: several rules ask

/** How many different people's values arguments carry. Where something is sent (`to`, `cc`) is not what is sent. */
export function personalInArguments(args: readonly Argument[]): number {
  const known = seen.get(args);
  if (known !== undefined) return known;
  const found = new Set<number>();
  for (const { text, role } of args) if (role !== "destination" || text.includes("?")) collect(text, found);
  seen.set(args, found.size);
  return found.size;
}

/** How many different mail addresses, phone numbers, cards (by Luhn) and accounts (IBAN, by its checksum) a text holds. */
export function personalIn(text: string): number {
  const found = new Set<number>();
  collect(text, found);
  return found.size;
}

function collect(text: string, into: Set<number>): void {
  const scanned = text.length > MAX_CHARS ? text.slice(0, MAX_CHARS) : text;
  for (const token of redactionTokensIn(scanned))
    if (PERSONAL_KINDS.has(kindOfToken(token))) add(token, into);
  let looked = 0;
  for (let at = scanned.indexOf("@"); at > 0 && looked < MAX_LOOKED; at = scanned.indexOf("@", at + 1)) {
    looked += 1;
    const local = LOCAL_PART.exec(scanned.slice(Math.max(0, at - 64), at))?.[0];
    const domain = DOMAIN.exec(scanned.slice(at + 1, at + 256))?.[0];
    if (local !== undefined && domain !== undefined) add(`${local}@${domain}`.toLowerCase(), into);
  }
  if (!/\d{3}/.test(scanned)) return;
  for (const [iban] of scanned.matchAll(IBAN)) if (isIban(iban)) add(iban.replaceAll(" ", ""), into);
  for (const [card] of scanned.matchAll(CARD)) if (isCard(card)) add(card.replace(/\D/g, ""), into);
  for (const [phone] of scanned.matchAll(PHONE)) add(phone.replace(/\D/g, ""), into);
}

function add(value: string, into: Set<number>): void {
  if (into.size < MAX_COUNTED) into.add(fnv1a(value));
}

/** ISO 13616: letters as numbers from 10, the first four characters last, modulo 97 gives 1. */
export function isIban(text: string): boolean {
  const iban = text.replaceAll(" ", "");
  if (iban.length < 15 || iban.length > 34) return false;
  let rest = 0;
  for (const char of iban.slice(4) + iban.slice(0, 4)) {
    for (const digit of String(Number.parseInt(char, 36))) rest = (rest * 10 + Number(digit)) % 97;
  }
  return rest === 1;
}

/** ISO/IEC 7812: a major industry of cards, and Luhn's sum. */
export function isCard(text: string): boolean {
  const digits = text.replace(/\D/g, "");
  if (digits.length < 13 || digits.length > 19 || !/^[3-6]/.test(digits) || /^(\d)\1+$/.test(digits))
    return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    sum += index % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}
