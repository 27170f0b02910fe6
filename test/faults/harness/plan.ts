import { seeded } from "../../support/seeded.ts";

/** One fault of a run: what happens, to whom, and how many accepts the callers have before the next. */
export interface PlannedFault {
  fault: string;
  /** In [0, 1): which of several victims, how long, how many; what it means is the fault's. */
  choice: number;
  accepts: number;
}

/**
 * A seeded list of faults without end: every kind comes up once before any comes again, in an order that the seed
 * decides. The same seed and kinds give the same list.
 */
export function* faultPlan(options: {
  seed: number;
  kinds: readonly string[];
  accepts: { fewest: number; most: number };
}): Generator<PlannedFault> {
  const random = seeded(options.seed);
  const { fewest, most } = options.accepts;
  for (;;) {
    const round = [...options.kinds];
    while (round.length > 0) {
      const [fault = ""] = round.splice(Math.floor(random() * round.length), 1);
      yield {
        fault,
        choice: random(),
        accepts: fewest + Math.floor(random() * (most - fewest + 1)),
      };
    }
  }
}
