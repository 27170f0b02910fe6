import { homedir } from "node:os";
import { run } from "./program.ts";

/** The command as a process: `bin/tripline.js` comes here. */

const REPEATED_MS = 500; // a terminal and the wrapper in bin/ both pass one Ctrl-C on; a second press comes later
const EXIT_FORCED = 130; // as shells say "ended by a signal"

const interrupted = new AbortController();
let interruptedAt = Number.POSITIVE_INFINITY;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (performance.now() - interruptedAt > REPEATED_MS) process.exit(EXIT_FORCED);
    if (interrupted.signal.aborted) return;
    interruptedAt = performance.now();
    interrupted.abort(new Error(`ended by ${signal}`));
  });
}
let listening = false;

/** Writes for a reader who may have seen enough (`| head`) and closed the pipe: that is no failure. */
function write(text: string): void {
  if (!listening)
    process.stdout.on("error", (error: NodeJS.ErrnoException) =>
      process.exit(error.code === "EPIPE" ? 0 : 1),
    );
  listening = true;
  process.stdout.write(text);
}

process.exitCode = await run(process.argv.slice(2), {
  out: write,
  err: (text) => process.stderr.write(text),
  env: process.env,
  home: homedir(),
  now: () => new Date(),
  width: process.stdout.isTTY ? process.stdout.columns : null,
  errWidth: process.stderr.isTTY ? process.stderr.columns : null,
  signal: interrupted.signal,
});
