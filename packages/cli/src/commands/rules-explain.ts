import { readFileSync } from "node:fs";
import type { DetectionInput } from "@tripline/detection";
import { parseRecord, TriplineError, type TriplineRecord } from "@tripline/events";
import type { Command } from "commander";
import { z } from "zod";
import { createApiClient } from "../api/client.ts";
import { type Connection, resolveConnection } from "../connection/connection.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { explanationText } from "../rules/explanation-text.ts";
import { historyRecords } from "../rules/history-records.ts";
import { namedRules } from "../rules/rule-paths.ts";
import { globals } from "./command.ts";

const HOUR_MS = 3_600_000;
const DEFAULT_BEFORE_HOURS = 24;
const MAX_BEFORE = 20_000; // records of the same key that are judged before; the latest

interface Options {
  file?: string;
  before: string;
}

/** `tripline rules explain RULE RECORD…`: why a rule did, or did not, find something. */
export function addRulesExplain(group: Command, context: CommandContext): void {
  group
    .command("explain <rule> [records...]")
    .summary("why a rule did, or did not, find something in a record, step by step")
    .description(
      "Judges records by one rule (a file, or a shipped rule's name) and shows each test with what the record has and what " +
        "the rule wants, which part of the condition fails, the group, and what the rule remembers before and after.\n\n" +
        "RECORD is the id of a call or of one of its records; it is fetched from the service together with what its key did " +
        "before (needs read_payload; the reading is recorded). With --file the records come from a file of lines of JSON " +
        "({envelope, payload}), and all of them are explained unless ids are given.\n\n" +
        "Example: tripline rules explain secret-read-then-sent --file records.ndjson",
    )
    .option("--file <records.ndjson>", "records from a file, in their order; asks no service")
    .option(
      "--before <hours>",
      "how much of what the key did before is judged first",
      String(DEFAULT_BEFORE_HOURS),
    )
    .action(async (name: string, ids: string[], options: Options, command: Command) => {
      const detection = await import("@tripline/detection"); // late: costs each command 80 ms
      const [file, ...more] = namedRules([name], detection.SHIPPED_RULES);
      if (file === undefined || more.length > 0) throw new CommandFailed(EXIT.usage, "name one rule");
      const rule = readRule(file, detection.parseRule);
      const inputs =
        options.file === undefined
          ? await fromService(
              resolveConnection(globals(command), context),
              ids,
              hours(options.before),
              context,
            )
          : { all: fromFile(options.file), asked: ids };
      const asked = new Set(inputs.asked);
      const explained = detection.explainRule(
        rule,
        file.text,
        inputs.all,
        (id) => asked.size === 0 || asked.has(id),
      );
      if (explained.length === 0) throw new CommandFailed(EXIT.not_found, "none of these records is there");
      if (globals(command).json === true) return printJson(context, explained);
      for (const each of explained) context.out(explanationText(each, rule, context));
    });
}

type Explained = { all: DetectionInput[]; asked: readonly string[] };

function readRule(
  { file, text }: { file: string; text: string },
  parseRule: typeof import("@tripline/detection")["parseRule"],
): ReturnType<typeof parseRule> {
  try {
    return parseRule(text, file);
  } catch (error) {
    if (!(error instanceof TriplineError)) throw error;
    throw new CommandFailed(EXIT.failure, error.message, error);
  }
}

function hours(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0 && value <= 24 * 90) return value;
  throw new CommandFailed(EXIT.usage, "--before: expected hours, 0 to 2160");
}

function fromFile(path: string): DetectionInput[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new CommandFailed(EXIT.usage, `can't read ${path}`, cause);
  }
  return text.split("\n").flatMap((line, index): DetectionInput[] => {
    if (line.trim() === "") return [];
    try {
      const record = parseRecord(line);
      return [{ record, appendTime: timeOf(record) }];
    } catch (cause) {
      throw new CommandFailed(
        EXIT.usage,
        `${path}:${index + 1}: no record: expected {"envelope": …, "payload": …}`,
        cause,
      );
    }
  });
}

function timeOf({ envelope }: TriplineRecord): number {
  return Date.parse(envelope.received ?? envelope.time);
}

const partAnswer = z
  .looseObject({
    envelope: z.looseObject({
      id: z.string(),
      time: z.string(),
      actor: z.looseObject({ credential: z.string().optional() }).optional(),
      session: z.looseObject({ id: z.string().optional() }).optional(),
    }),
  })
  .nullable();
const callAnswer = z.looseObject({ intent: partAnswer, call: partAnswer });

/** The records of the calls, with what their keys did before: that is what rules remember. */
async function fromService(
  connection: Connection,
  ids: readonly string[],
  beforeHours: number,
  context: CommandContext,
): Promise<Explained> {
  if (ids.length === 0) throw new CommandFailed(EXIT.usage, "name records, or give a --file");
  const client = createApiClient(connection, context.signal);
  const asked: string[] = [];
  const byKey = new Map<
    string,
    { key: { credential?: string; session?: string }; first: string; last: string }
  >();
  for (const id of ids) {
    const { intent, call } = await client.request("GET", `/api/calls/${encodeURIComponent(id)}`, callAnswer);
    for (const part of [intent, call]) {
      if (part === null) continue;
      const { envelope } = part;
      asked.push(envelope.id);
      const credential = envelope.actor?.credential;
      const session = envelope.session?.id;
      const key = credential !== undefined ? { credential } : session !== undefined ? { session } : {};
      const name = JSON.stringify(key);
      const known = byKey.get(name);
      const { time } = envelope;
      byKey.set(name, {
        key,
        first: known === undefined || time < known.first ? time : known.first,
        last: known === undefined || time > known.last ? time : known.last,
      });
    }
  }
  const all: DetectionInput[] = [];
  for (const { key, first, last } of byKey.values()) {
    const since = new Date(Date.parse(first) - beforeHours * HOUR_MS).toISOString();
    const until = new Date(Date.parse(last) + 1).toISOString();
    const ofKey: DetectionInput[] = [];
    for await (const input of historyRecords(connection, { since, until, ...key }, context.signal)) {
      ofKey.push(input);
      if (ofKey.length > MAX_BEFORE) ofKey.shift();
    }
    all.push(...ofKey);
  }
  return { all, asked };
}
