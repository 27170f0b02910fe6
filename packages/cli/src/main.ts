import { homedir } from "node:os";
import { run } from "./program.ts";

/** The command as a process: `bin/tripline.js` comes here. */

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
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
  signal: interrupted.signal,
});
