import { homedir } from "node:os";
import { run } from "./program.ts";

/** The command as a process: `bin/tripline.js` comes here. */

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
}
// A reader that has seen enough (`| head`) closes the pipe: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  env: process.env,
  home: homedir(),
  now: () => new Date(),
  width: process.stdout.isTTY ? process.stdout.columns : null,
  signal: interrupted.signal,
});
