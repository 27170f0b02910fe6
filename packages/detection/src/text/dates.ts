const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const MONTH =
  "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
const DAY = "([0-3]?\\d)(?:st|nd|rd|th)?";
const YEAR = "(?:,? {1,2}((?:19|20)\\d\\d)\\b)?";
/** `1st to the 5th of May`, `5 May 2024`, `3-7 June`. */
const DAY_FIRST = new RegExp(
  `\\b${DAY}(?: {0,2}(?:to|until|till|and|-|–) {0,2}(?:the )?${DAY})? (?:of )?(${MONTH})\\b\\.?${YEAR}`,
  "gi",
);
/** `May 5th, 2024`, `June 3 to 7`. */
const MONTH_FIRST = new RegExp(
  `\\b(${MONTH})\\.? ${DAY}\\b(?: {0,2}(?:to|until|till|and|-|–) {0,2}(?:the )?${DAY}\\b)?${YEAR}`,
  "gi",
);
const HINT = new RegExp(`\\b${MONTH}\\b`, "i");

export interface WrittenDate {
  from: number;
  to: number;
  /** `2024-05-01`, or `--05-01` without a year (ISO 8601 as vCard has it). */
  date: string;
}

/** Dates as people write them; of a span its first and its last day. */
export function datesIn(text: string): WrittenDate[] {
  if (!HINT.test(text)) return [];
  const found: WrittenDate[] = [];
  for (const match of text.matchAll(DAY_FIRST)) note(match, match[3], [match[1], match[2]], match[4], found);
  for (const match of text.matchAll(MONTH_FIRST))
    note(match, match[1], [match[2], match[3]], match[4], found);
  return found;
}

function note(
  match: RegExpExecArray,
  name: string | undefined,
  days: readonly (string | undefined)[],
  year: string | undefined,
  into: WrittenDate[],
): void {
  const month = MONTHS.indexOf((name ?? "").slice(0, 3).toLowerCase()) + 1;
  for (const day of days) {
    const number = Number(day ?? 0);
    if (number < 1 || number > 31 || month === 0) continue;
    const date = `${year ?? "-"}-${String(month).padStart(2, "0")}-${String(number).padStart(2, "0")}`;
    into.push({ from: match.index, to: match.index + match[0].length, date });
  }
}
