import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { CommandFailed, EXIT } from "../exit.ts";

/** `client.json` in the data directory: how this machine's own programs reach the service. Written by the service, 0600. */
const clientFileSchema = z.looseObject({
  url: z.url(),
  token: z.string().min(1).describe("of a person with all roles"),
  ingest_key: z.string().min(1).describe("of the producer `local`"),
});
export type ClientFile = z.infer<typeof clientFileSchema>;

/** The data directory: `--data`, else TRIPLINE_HOME, else `~/.tripline`. */
export function dataDirectory(
  option: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): string {
  return resolve(option ?? env.TRIPLINE_HOME ?? join(home, ".tripline"));
}

/** The directory's `client.json`, or null when there is none (the service never ran here). */
export function readClientFile(directory: string): ClientFile | null {
  const path = join(directory, "client.json");
  if (!existsSync(path)) return null;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new CommandFailed(EXIT.failure, `${path} can't be read: ${reason(cause)}`, cause);
  }
  const parsed = clientFileSchema.safeParse(json);
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new CommandFailed(
      EXIT.failure,
      `${path} is not as the service writes it (at ${at}): start the service once`,
    );
  }
  return parsed.data;
}

/** The error's own words without the text it was parsing, which may hold a secret. */
function reason(cause: unknown): string {
  return cause instanceof SyntaxError ? "not JSON" : cause instanceof Error ? cause.message : "unknown";
}
