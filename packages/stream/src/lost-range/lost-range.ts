import { TriplineError } from "@tripline/events";

/** Records that a reader should have got next and that the log has no more: offsets `from` up to, and without, `to`. */
export interface LostRange {
  topic: string;
  partition: number;
  from: number;
  to: number;
  /**
   * `removed`: retention took records before they were read; reading can go on at `to`.
   * `rewound`: the log ends at `from`, before what was read already: the topic was made anew or cut; it goes on at `from`.
   */
  how: "removed" | "rewound";
}

/** TRIPLINE_STREAM_OUT_OF_RANGE with the exact range. Nothing is skipped until someone accepts it (`acceptLostRange`). */
export class OutOfRangeError extends TriplineError {
  readonly lost: LostRange;

  constructor(lost: LostRange, held: { earliest: number; next: number }) {
    const { topic, partition, from, to, how } = lost;
    const where = `${topic}/${partition}`;
    super(
      "TRIPLINE_STREAM_OUT_OF_RANGE",
      how === "removed"
        ? `offsets ${from} to ${to - 1} of ${where} are gone, and nobody read them: retention removed them (the log holds ` +
            `${held.earliest} to ${held.next - 1}). Accept the loss with \`tripline topics accept-gap\`, or start at the earliest offset`
        : `${where} ends at ${held.next - 1}, but was read up to ${to - 1}: the topic was made anew or cut. ` +
            "Accept it with `tripline topics accept-gap`, or commit an offset that exists",
      { kind: "permanent" },
    );
    this.lost = lost;
  }
}

/** @returns null when reading can start at `start` without a gap */
export function lostBefore(
  where: { topic: string; partition: number },
  start: number,
  held: { earliest: number; next: number },
): LostRange | null {
  const { topic, partition } = where;
  // Below zero is what other consumers commit for "the earliest there is": how far reading had come is not known.
  if (start < held.earliest) {
    return { topic, partition, from: Math.max(0, start), to: held.earliest, how: "removed" };
  }
  return start > held.next ? { topic, partition, from: held.next, to: start, how: "rewound" } : null;
}
