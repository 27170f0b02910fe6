import { z } from "zod";
import { visible } from "./escape/index.ts";
import type { LineSink } from "./logging.ts";

const lineSchema = z.looseObject({
  level: z.string(),
  time: z.string(),
  service: z.string().default(""),
  msg: z.string().default(""),
});

/** Turns the logger's JSON lines into lines for a terminal: time, level, message, and the rest as `key=value`. */
export function prettyLines(out: { write(text: string): unknown }): LineSink {
  return {
    write(line) {
      const { level, time, service, msg, ...rest } = lineSchema.parse(JSON.parse(line));
      const facts = Object.entries(rest).map(([key, value]) => ` ${key}=${fact(value)}`);
      const head = `${time.slice(11, 23)} ${level.toUpperCase().padEnd(5)} ${service}:`;
      out.write(`${visible(`${head} ${msg}${facts.join("")}`)}\n`);
    },
  };
}

function fact(value: unknown): string {
  return typeof value === "string" && !/[\s"]/.test(value) ? value : JSON.stringify(value);
}
