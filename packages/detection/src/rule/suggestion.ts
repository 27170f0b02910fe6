const MAX_NAME_CHARS = 64; // of a longer one nobody meant another name

/** ` (did you mean `tool`?)`, where one of the known names is a slip away from what was found; else nothing. */
export function suggestion(found: string, known: Iterable<string>): string {
  const near = nearest(found, known);
  return near === null ? "" : ` (did you mean \`${near}\`?)`;
}

export function nearest(found: string, known: Iterable<string>): string | null {
  if (found.length > MAX_NAME_CHARS) return null;
  const wanted = found.toLowerCase();
  let best: string | null = null;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const name of known) {
    if (Math.abs(name.length - wanted.length) >= least) continue;
    const distance = distanceBetween(wanted, name.toLowerCase());
    if (distance >= least) continue;
    least = distance;
    best = name;
  }
  return best;
}

/** Optimal string alignment: insertions, deletions, replacements, and neighbours that changed places. */
function distanceBetween(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + same,
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        least = Math.min(least, (before[column - 2] ?? 0) + 1);
      next.push(least);
    }
    before = last;
    last = next;
  }
  return last[b.length] ?? 0;
}
