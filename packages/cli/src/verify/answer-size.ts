const FIRST_POSITIONS = 8_192; // before anything is known of how large records are
const LEAST_POSITIONS = 256;
const MOST_POSITIONS = 262_144; // few: a database reads around a short stretch, too, and in vain
const ANSWER_BYTES = 48 * 1024 * 1024; // two answers and what is made of them are in memory at once

/** How many positions to ask for, so that an answer has some 50 MB, by what the last ones had. */
export class AnswerSize {
  #positions = FIRST_POSITIONS;

  get positions(): number {
    return this.#positions;
  }

  answered(positions: number, bytes: number): void {
    if (positions === 0) return;
    const each = Math.max(1, bytes / positions);
    const most = Math.min(MOST_POSITIONS, this.#positions * 4);
    this.#positions = Math.max(LEAST_POSITIONS, Math.min(most, Math.floor(ANSWER_BYTES / each)));
  }
}
