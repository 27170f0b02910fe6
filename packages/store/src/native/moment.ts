import type { ByteSink } from "./byte-sink.ts";

const DAY_MS = 86_400_000;
const encoder = new TextEncoder();

/** Moments as RFC 3339 with milliseconds in UTC, as `Date.toISOString` writes them; of one column, whose days repeat. */
export class MomentWriter {
  #day = Number.NaN;
  /** `2026-11-21T` */
  #date = new Uint8Array();

  /** @param ms since the epoch */
  write(ms: number, sink: ByteSink): void {
    const day = Math.floor(ms / DAY_MS);
    if (day !== this.#day) {
      this.#date = encoder.encode(this.text(day * DAY_MS).slice(0, -"00:00:00.000Z".length));
      this.#day = day;
    }
    const rest = ms - day * DAY_MS;
    sink.all(this.#date);
    sink.padded(Math.floor(rest / 3_600_000), 2);
    sink.byte(0x3a);
    sink.padded(Math.floor(rest / 60_000) % 60, 2);
    sink.byte(0x3a);
    sink.padded(Math.floor(rest / 1000) % 60, 2);
    sink.byte(0x2e);
    sink.padded(rest % 1000, 3);
    sink.byte(0x5a);
  }

  /** A moment that no date is, as only a changed row can have, is written as the last one there is. */
  text(ms: number): string {
    const last = 8_640_000_000_000_000;
    return new Date(Math.min(Math.max(ms, -last), last)).toISOString();
  }
}
