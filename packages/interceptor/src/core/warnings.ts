/** Something an operator should know. Stable code, counters in words, no captured text and no secret. */
export interface Warning {
  code: `TRIPLINE_${string}`;
  message: string;
  cause?: unknown;
}

export type OnWarning = (warning: Warning) => void;

const REPEAT_MS = 60_000; // a broken disk or network warns at every call otherwise

/** Passes on one warning of each code a minute, and never lets the listener's own failure into the caller. */
export function limitWarnings(onWarning: OnWarning, now: () => number): OnWarning {
  const last = new Map<string, number>();
  return (warning) => {
    const time = now();
    const before = last.get(warning.code);
    if (before !== undefined && time - before < REPEAT_MS) return;
    last.set(warning.code, time);
    try {
      onWarning(warning);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error), "TriplineWarning");
    }
  };
}

/** Where warnings go when nobody asked for them. */
export const warnProcess: OnWarning = ({ code, message }) => {
  process.emitWarning(message, { type: "TriplineWarning", code });
};
