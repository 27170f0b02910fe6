import type { Finding } from "./finding.ts";

/**
 * Joins findings of the same kind about neighbouring positions into one: a year of expired payloads is one line, and not ten
 * million. The first one's id and time stand for it.
 */
export class Runs {
  readonly #open = new Map<string, Finding>();

  /** The run that ended because this finding is not its next; null where none did. */
  add(finding: Finding): Finding | null {
    const key = `${finding.kind} ${finding.log}`;
    const open = this.#open.get(key);
    if (open !== undefined && open.what === finding.what && behind(open) === finding.index) {
      open.to = (finding.index ?? 0) + 1;
      return null;
    }
    this.#open.set(key, { ...finding });
    return open ?? null;
  }

  /** All that are open. */
  end(): Finding[] {
    const all = [...this.#open.values()];
    this.#open.clear();
    return all;
  }
}

function behind({ index, to }: Finding): number {
  return to ?? (index ?? 0) + 1;
}
