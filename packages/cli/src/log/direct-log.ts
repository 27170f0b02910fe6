import { existsSync } from "node:fs";
import { join } from "node:path";
import { TriplineError } from "@tripline/events";
import { kafkaAccessKeys, logKeys } from "@tripline/service";
import { embeddedPaths, kafkaAccess, type Log, logKind, openRawLog } from "@tripline/stream";
import { z } from "zod";
import { CommandFailed, EXIT } from "../exit.ts";

const CLIENT_ID = "tripline-log";

/** Which log, and how to get into Kafka; the same keys and variables as the services'. */
export const directLogConfig = z.object({ log: logKeys.log, ...kafkaAccessKeys });
export type DirectLogConfig = z.output<typeof directLogConfig>;

/** Opens a log itself, beside no service: an embedded one must not be in use. @throws CommandFailed */
export async function openDirect(
  config: DirectLogConfig,
  { url, dataDir }: { url: string; dataDir: string },
): Promise<Log> {
  if (logKind(url) === "embedded") checkIsThere(dataDir);
  return saying(async () => {
    const kafka = { ...(await kafkaAccess(config, { clientId: CLIENT_ID })), createTopics: true };
    return openRawLog({ url, dataDir, kafka, embedded: { expireEveryMs: 0 } });
  });
}

/** A look must not make what it looks for. @throws CommandFailed when there is no embedded log */
export function checkIsThere(dataDir: string): void {
  const { directory, identityFile } = embeddedPaths(dataDir);
  if (existsSync(directory) || existsSync(identityFile)) return;
  throw new CommandFailed(
    EXIT.not_found,
    `there is no log in ${dataDir}: name the data directory with --data`,
  );
}

/** What the log refuses, in its own words. */
export async function saying<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TriplineError) throw new CommandFailed(EXIT.failure, error.message, error);
    throw error;
  }
}

/** As a person would say which log it is. */
export function logName(url: string, dataDir: string): string {
  return logKind(url) === "embedded" ? `the embedded log in ${join(dataDir, "log")}` : url;
}
