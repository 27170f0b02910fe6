import type { ConfigProblem } from "./error.ts";
import type { ConfigKey } from "./keys.ts";
import { nearest } from "./slip.ts";

/** A value as it was given, and by which flag or variable. */
export interface GivenText {
  value: string;
  from: string;
}

/** `--key value`, `--key=value`, and for booleans `--key` and `--no-key`. What is wrong goes to `problems`. */
export function readFlags(
  argv: readonly string[],
  keys: readonly ConfigKey[],
  problems: ConfigProblem[],
): Map<string, GivenText> {
  const found = new Map<string, GivenText>();
  const byFlag = new Map(keys.flatMap((key) => (key.flag === null ? [] : [[key.flag, key] as const])));
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? "";
    const equals = argument.indexOf("=");
    const flag = equals < 0 ? argument : argument.slice(0, equals);
    const inline = equals < 0 ? undefined : argument.slice(equals + 1);
    const positive = flag.startsWith("--no-") ? byFlag.get(`--${flag.slice(5)}`) : undefined;
    const key = byFlag.get(flag);

    if (key === undefined && positive?.kind === "boolean" && inline === undefined) {
      found.set(positive.name, { value: "false", from: flag });
    } else if (key === undefined) {
      const near = nearest(flag, [...byFlag.keys()]);
      const hint = near === null ? "" : `; did you mean ${near}?`;
      problems.push({ path: flag, message: `there is no such flag${hint} (--help lists all)` });
      // What follows an unknown flag is most likely its value, and no second mistake.
      if (inline === undefined && argv[i + 1]?.startsWith("--") === false) i++;
    } else if (inline !== undefined) {
      found.set(key.name, { value: inline, from: flag });
    } else if (key.kind === "boolean") {
      found.set(key.name, { value: "true", from: flag });
    } else if (i + 1 < argv.length) {
      i++;
      found.set(key.name, { value: argv[i] ?? "", from: flag });
    } else {
      problems.push({ path: key.name, message: `${flag} needs a value; allowed: ${key.allowed}` });
    }
  }
  return found;
}
