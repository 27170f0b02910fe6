/**
 * For `--import`: moves `Date` of this process by the milliseconds that the file CLOCK_OFFSET_FILE holds, looked at ten
 * times a second, in worker threads too. Timers and `performance.now` go on as they are, as when a machine's clock is set.
 */
import { readFileSync } from "node:fs";

const LOOK_EVERY_MS = 100;
const file = process.env.CLOCK_OFFSET_FILE ?? "";
const RealDate = Date;
let offsetMs = 0;

function look(): void {
  offsetMs = Number(readFileSync(file, "utf8"));
}

class MovedDate extends RealDate {
  constructor(...args: [] | [string | number | Date] | ConstructorParameters<typeof Date>) {
    if (args.length === 0) super(RealDate.now() + offsetMs);
    else super(...(args as ConstructorParameters<typeof Date>));
  }

  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

look();
setInterval(look, LOOK_EVERY_MS).unref();
globalThis.Date = MovedDate as DateConstructor;
