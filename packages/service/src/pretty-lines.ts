import { z } from "zod";
import { visible } from "./escape/index.ts";
import type { LineSink } from "./logging.ts";

const lineSchema = z.looseObject({
  level: z.string(),
  time: z.string(),
  service: z.string().default(""),
  msg: z.string().default(""),
  err: z.unknown().optional(),
});

const errorSchema = z.looseObject({
  message: z.string(),
  code: z.string().default(""),
  stack: z.string().default(""),
  cause: z.unknown().optional(),
});

/** Turns the logger's JSON lines into lines for a terminal: time, level, message, and the rest as `key=value`. */
export function prettyLines(out: { write(text: string): unknown }): LineSink {
  return {
    write(line) {
      const { level, time, service, msg, err, ...rest } = lineSchema.parse(JSON.parse(line));
      const facts = Object.entries(rest).map(([key, value]) => ` ${key}=${fact(value)}`);
      const head = `${time.slice(11, 23)} ${level.toUpperCase().padEnd(5)} ${service}:`;
      out.write(`${visible(`${head} ${msg}${facts.join("")}`)}\n`);
      for (const each of errorLines(err, "")) out.write(`${visible(each)}\n`);
    },
  };
}

function fact(value: unknown): string {
  return typeof value === "string" && !/[\s"]/.test(value) ? value : JSON.stringify(value);
}

/** What an error says and why; where it is no error of ours, also where it came from. */
function errorLines(value: unknown, why: string): string[] {
  const error = errorSchema.safeParse(value);
  if (!error.success) return [];
  const { message, code, stack, cause } = error.data;
  const said = `  ${why}${message}`;
  const from = code === "" && why === "" ? stack.split("\n").slice(1) : [];
  return [said, ...from, ...errorLines(cause, "because: ")];
}
