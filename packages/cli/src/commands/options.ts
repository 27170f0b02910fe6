import { writeFileSync } from "node:fs";
import { terminalLine } from "@tripline/service/escape";
import { InvalidArgumentError, Option } from "commander";
import type { CommandContext } from "../context.ts";
import { AHEAD_HELP, parseAhead } from "../time/ahead.ts";
import { parseWhen, WHEN_HELP } from "../time/when.ts";

/** `--since` and `--until`, parsed to RFC 3339 in UTC by the context's clock. */
export function whenOption(edge: "since" | "until", context: CommandContext): Option {
  const words = edge === "since" ? "from this time on" : "before this time; a day counts whole";
  return new Option(`--${edge} <when>`, edge === "since" ? `${words}: ${WHEN_HELP}` : words).argParser(
    (text: string) => {
      const parsed = parseWhen(text, edge, context.now());
      if (parsed === null) throw new InvalidArgumentError(`not a time I understand. Try: ${WHEN_HELP}.`);
      return parsed;
    },
  );
}

/** A time to come, parsed to RFC 3339 in UTC by the context's clock. */
export function aheadOption(name: string, words: string, context: CommandContext): Option {
  return new Option(`--${name} <when>`, `${words}: ${AHEAD_HELP}`).argParser((text: string) => {
    const parsed = parseAhead(text, context.now());
    if (parsed === null) throw new InvalidArgumentError(`not a time to come. Try: ${AHEAD_HELP}.`);
    return parsed;
  });
}

/** A whole number of at least `least`. */
export function atLeast(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,9}$/.test(text) || value < least) {
      throw new InvalidArgumentError(`expected a whole number of at least ${least}.`);
    }
    return value;
  };
}

/** `HOST:PORT`, or a port of this machine alone. */
export function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:(\[[\da-f:]+\]|[\w.-]+):)?(\d{1,5})$/i.exec(text);
  const port = Number(match?.[2] ?? Number.NaN);
  if (!(port <= 65_535)) throw new InvalidArgumentError("expected HOST:PORT, as 127.0.0.1:4190.");
  return { host: (match?.[1] ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1"), port };
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** A secret that is shown once: into a file of its owner only, or onto standard output and nothing else with it. */
export function writeSecret(
  secret: string,
  { what, file }: { what: string; file: string | undefined },
  context: CommandContext,
): void {
  if (file !== undefined) {
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: "wx" });
    context.err(`the ${terminalLine(what)} is in ${file}\n`);
    return;
  }
  context.err(`the ${terminalLine(what)}, shown only now:\n`);
  context.out(`${secret}\n`);
}
