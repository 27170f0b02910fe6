import { readFileSync } from "node:fs";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { dataDirectory, readClientFile } from "./client-file.ts";
import { type ConnectionOptions, checkedUrl } from "./connection.ts";

/** Where records go, and as which producer. */
export interface IngestConnection {
  url: string;
  ingestKey: string;
  /** Holds the spool. */
  stateDir: string;
}

/**
 * Key: `--key-file`, else TRIPLINE_INGEST_KEY, else `client.json` of the data directory, whose key goes only to the
 * file's own URL. Never on the command line, where others on the machine could read it.
 */
export function resolveIngest(
  options: ConnectionOptions & { keyFile?: string | undefined },
  context: CommandContext,
): IngestConnection {
  const stateDir = dataDirectory(options.data, context.env, context.home);
  const url = options.url ?? context.env.TRIPLINE_URL;
  const key = options.keyFile === undefined ? context.env.TRIPLINE_INGEST_KEY : readKeyFile(options.keyFile);
  if (url !== undefined && key !== undefined) return { url: checkedUrl(url), ingestKey: key, stateDir };

  const file = readClientFile(stateDir);
  if (file === null) {
    throw new CommandFailed(
      EXIT.failure,
      `no Tripline found at ${stateDir}: start it there, or set TRIPLINE_URL and TRIPLINE_INGEST_KEY`,
    );
  }
  const wanted = checkedUrl(url ?? file.url);
  if (key === undefined && new URL(wanted).origin !== new URL(file.url).origin) {
    throw new CommandFailed(
      EXIT.failure,
      `no ingest key for ${wanted}: set TRIPLINE_INGEST_KEY or give --key-file`,
    );
  }
  return { url: wanted, ingestKey: key ?? file.ingest_key, stateDir };
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new CommandFailed(EXIT.failure, `the key file ${path} can't be read`, cause);
  }
}
