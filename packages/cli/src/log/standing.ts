import { setTimeout as delay } from "node:timers/promises";
import { terminalLine } from "@tripline/service/escape";
import {
  type Log,
  LogBook,
  latestGeneration,
  logKind,
  NOTICED_AFTER_MS,
  NOTIFIER_GROUP,
  openGeneration,
  parseGeneration,
  reopen,
  standingOf,
  viewOf,
} from "@tripline/stream";
import type { Command } from "commander";
import { z } from "zod";
import { createApiClient } from "../api/client.ts";
import { globals } from "../commands/command.ts";
import { dataDirectory } from "../connection/client-file.ts";
import { commandConfig } from "../connection/config-options.ts";
import { resolveConnection } from "../connection/connection.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { directLogConfig, openDirect, saying } from "./direct-log.ts";

const ASK_EVERY_MS = 1000;
/** The detector's second stage keeps a fact back for two seconds, and then judges it: what it finds is to be worked off too. */
const SETTLED_AFTER_MS = 6000;

const standingAnswer = z.looseObject({
  generation: z.string(),
  state: z.string(),
  movedTo: z.string().optional(),
  followers: z.array(z.looseObject({ topic: z.string(), group: z.string(), behind: z.number() })),
});
export type Standing = z.infer<typeof standingAnswer>;

/** A log that can be asked where it stands: through the service that has it open, or directly. */
export interface Asked {
  /** Someone works off what is in it. */
  served: boolean;
  standing(): Promise<Standing>;
  drain(): Promise<Standing>;
  /** @param goal where it was moved to, if that is another log */
  reopen(goal: Log | null): Promise<Standing>;
  close(): Promise<void>;
}

/** The embedded log through its service while that runs, else directly; Kafka always directly. */
export async function askLog(command: Command, context: CommandContext): Promise<Asked> {
  const config = commandConfig(directLogConfig, command, context);
  const dataDir = dataDirectory(globals(command).data, context.env, context.home);
  if (logKind(config.log) === "embedded") {
    const service = await runningService(command, context);
    if (service !== null) return service;
  }
  const log = await openDirect(config, { url: config.log, dataDir });
  const standing = () => saying(() => directStanding(log));
  const served = logKind(config.log) === "kafka";
  return {
    served,
    standing,
    drain: () =>
      saying(async () => {
        await (await openGeneration(log, { lookEveryMs: 0 })).drain();
        if (served) await delay(NOTICED_AFTER_MS, undefined, { signal: context.signal }).catch(interrupted);
        return directStanding(log);
      }),
    reopen: (goal) =>
      saying(async () => {
        await reopen({ source: log, target: goal });
        return directStanding(log);
      }),
    close: () => log.close(),
  };
}

async function runningService(command: Command, context: CommandContext): Promise<Asked | null> {
  let client: ReturnType<typeof createApiClient>;
  try {
    client = createApiClient(resolveConnection(globals(command), context), context.signal);
    await fetch(`${client.url}/health/live`, { signal: context.signal });
  } catch {
    return null; // nothing answers: the log can be opened
  }
  const change = (action: string) => client.request("POST", `/v1/log/${action}`, standingAnswer);
  return {
    served: true,
    standing: () => client.request("GET", "/v1/log", standingAnswer),
    drain: () => change("drain"),
    reopen: () => change("reopen"),
    close: () => Promise.resolve(),
  };
}

async function directStanding(log: Log): Promise<Standing> {
  const first = parseGeneration(log.generation);
  const latest = latestGeneration(first, await new LogBook(log).read());
  const { movedTo, ...standing } = await standingOf(
    viewOf(log, latest?.name ?? first),
    latest?.entry ?? null,
  );
  return {
    ...standing,
    ...(movedTo === undefined ? {} : { movedTo }),
    followers: standing.followers.map(({ topic, group, behind }) => ({ topic, group, behind })),
  };
}

/** A notifier that does not answer must not hold a move up: what it was not told goes along for it alone. */
export function isWaitedFor({ group }: { group: string }): boolean {
  return !group.startsWith(NOTIFIER_GROUP);
}

/** Asks until everything is worked off, and nothing more has come of it for a while. */
export async function untilWorkedOff(log: Asked, context: CommandContext): Promise<Standing> {
  let said = "";
  let quietSince: number | null = null;
  for (;;) {
    const standing = await log.standing();
    const behind = standing.followers.filter((follower) => follower.behind > 0 && isWaitedFor(follower));
    if (behind.length > 0) quietSince = null;
    else quietSince ??= performance.now();
    if (quietSince !== null && performance.now() - quietSince >= SETTLED_AFTER_MS) return standing;
    const line = behind.map(({ group, behind: records }) => `${group} ${records}`).join(", ");
    if (line !== "" && line !== said) context.err(`still to be worked off: ${terminalLine(line)}\n`);
    said = line;
    await delay(ASK_EVERY_MS, undefined, { signal: context.signal }).catch(interrupted);
  }
}

function interrupted(): never {
  throw new CommandFailed(
    EXIT.failure,
    "interrupted: the log takes no records from producers until `tripline log reopen`",
  );
}
