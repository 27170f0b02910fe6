/** The candidate that differs from `text` by one slip of the hand: a letter wrong, missing, doubled, or two swapped. */
export function nearest(text: string, candidates: readonly string[]): string | null {
  return candidates.find((candidate) => isOneSlip(text, candidate)) ?? null;
}

// One slip and no more: two would take TRIPLINE_HOME for TRIPLINE_HOST.
function isOneSlip(a: string, b: string): boolean {
  if (a === b) return false;
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const left = a.slice(start, a.length - end);
  const right = b.slice(start, b.length - end);
  if (left.length <= 1 && right.length <= 1) return true;
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
}
