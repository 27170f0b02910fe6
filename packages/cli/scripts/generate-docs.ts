import { writeFileSync } from "node:fs";
import { createProgram } from "../src/program.ts";
import { cliReference } from "../src/reference.ts";

/** Writes docs/cli.md. Run it after a change to a command; a test says when it was forgotten. */
const context = {
  out: () => undefined,
  err: () => undefined,
  env: {},
  home: "/",
  now: () => new Date(0),
  width: 100,
  signal: new AbortController().signal,
};
writeFileSync(new URL("../../../docs/cli.md", import.meta.url), cliReference(await createProgram(context)));
