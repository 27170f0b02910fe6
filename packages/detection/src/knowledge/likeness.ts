/** Whether one name can be taken for another. */
export type Likeness =
  | "same_look" // different characters that look alike, or the same with other separators
  | "one_off" // a letter more, less, other or swapped
  | null;

const MAX_NAME_CHARS = 64; // longer names are compared by look only
const SHORTEST = 5; // shorter names are one letter apart by chance
const TWO_OFF_FROM = 10; // names so long may differ in two letters

/** Letters of other alphabets and digits that look like Latin ones (a part of Unicode's confusables). */
const LOOKS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    а: "a",
    с: "c",
    ԁ: "d",
    е: "e",
    һ: "h",
    і: "i",
    ј: "j",
    ӏ: "l",
    м: "m",
    о: "o",
    р: "p",
    ԛ: "q",
    ѕ: "s",
    т: "t",
    у: "y",
    х: "x",
    ѡ: "w",
    α: "a",
    ε: "e",
    ι: "i",
    κ: "k",
    ν: "v",
    ο: "o",
    ρ: "p",
    τ: "t",
    υ: "u",
    χ: "x",
    ı: "i",
    ɡ: "g",
    ł: "l",
    ø: "o",
    "0": "o",
    "1": "l",
    "5": "s",
    "3": "e",
    "|": "l",
    "!": "i",
  }),
);
const SEPARATORS = /[\s._\-/:@]+/g;
const MARKS = /\p{M}/gu;

/** The name as an eye takes it: no separators, accents, case; look-alikes as the Latin letter. */
export function lookOf(name: string): string {
  const folded = name.normalize("NFKD").replace(MARKS, "").toLowerCase().replace(SEPARATORS, "");
  return [...folded]
    .map((char) => LOOKS.get(char) ?? char)
    .join("")
    .replaceAll("rn", "m")
    .replaceAll("vv", "w");
}

/**
 * How easily `name` is taken for `known`. Null for the same name, for another number of the same thing (`db-1`, `db-2`),
 * for a plural and for a name that contains the other as a word (`github`, `github-enterprise`).
 */
export function likenessOf(name: string, known: string): Likeness {
  if (name === known) return null;
  const [plainName, plainKnown] = [folded(name), folded(known)];
  if (withoutNumbers(plainName) === withoutNumbers(plainKnown)) {
    return plainName === plainKnown && name.toLowerCase() !== known.toLowerCase() ? "same_look" : null;
  }
  if (lookOf(name) === lookOf(known)) return "same_look";
  if (plainName.length > MAX_NAME_CHARS || plainKnown.length > MAX_NAME_CHARS) return null;
  if (isPlural(plainName, plainKnown) || isPlural(plainKnown, plainName)) return null;
  const shorter = Math.min(plainName.length, plainKnown.length);
  if (shorter < SHORTEST || addsWord(name, known) || addsWord(known, name)) return null;
  const distance = editDistance(plainName, plainKnown);
  if (distance === 1) return "one_off";
  return distance === 2 &&
    shorter >= TWO_OFF_FROM &&
    plainName[0] === plainKnown[0] &&
    sharesWords(name, known)
    ? "one_off"
    : null;
}

function folded(name: string): string {
  return name.toLowerCase().replace(SEPARATORS, "");
}

function withoutNumbers(name: string): string {
  return name.replace(/\d+/g, "");
}

function isPlural(one: string, many: string): boolean {
  return (
    many === `${one}s` || many === `${one}es` || (one.endsWith("y") && many === `${one.slice(0, -1)}ies`)
  );
}

function addsWord(longer: string, shorter: string): boolean {
  const parts = new Set(longer.toLowerCase().split(SEPARATORS));
  return shorter
    .toLowerCase()
    .split(SEPARATORS)
    .every((part) => parts.has(part));
}

/** Two letters apart is near only for the same number of words, of which no whole one is another: `prod-eu`, `prod-us`. */
function sharesWords(name: string, known: string): boolean {
  const [a, b] = [name.toLowerCase().split(SEPARATORS), known.toLowerCase().split(SEPARATORS)];
  if (a.length !== b.length) return false;
  return a.every((part, at) => part === b[at] || Math.min(part.length, b[at]?.length ?? 0) >= TWO_OFF_FROM);
}

/** Letters added, taken, replaced, or swapped with the next (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
