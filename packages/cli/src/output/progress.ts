import type { CommandContext } from "../context.ts";

const REDRAW_MS = 100; // as often as an eye follows
const BAR_COLUMNS = 30;
const CLEAR_LINE = "\r\u001b[K";

/** A bar on the terminal that `err` writes to; nothing where it is none. */
export class Progress {
  readonly #context: Pick<CommandContext, "err" | "errWidth">;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #drawn = false;

  constructor(context: Pick<CommandContext, "err" | "errWidth">) {
    this.#context = context;
  }

  /** @param share of all that is to be done, 0 … 1 @param words of our own: they are not escaped */
  show(share: number, words: string): void {
    const { errWidth = null } = this.#context;
    const now = performance.now();
    if (errWidth === null || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#drawn = true;
    const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_COLUMNS);
    const bar = `[${"#".repeat(full)}${" ".repeat(BAR_COLUMNS - full)}]`;
    const percent = `${Math.floor(Math.min(1, Math.max(0, share)) * 100)}%`.padStart(4);
    this.#context.err(`${CLEAR_LINE}${`${bar} ${percent}  ${words}`.slice(0, errWidth - 1)}`);
  }

  /** Takes the bar away again. */
  end(): void {
    if (this.#drawn) this.#context.err(CLEAR_LINE);
    this.#drawn = false;
  }
}
