import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { dataDirectory, readClientFile } from "./client-file.ts";

export interface ConnectionOptions {
  url?: string | undefined;
  token?: string | undefined;
  data?: string | undefined;
}

export interface Connection {
  url: string;
  token: string;
}

/**
 * Where to ask and with which token: option, else environment, else `client.json` of the data directory.
 * The file's token goes only to the file's own URL, never to another that was named.
 */
export function resolveConnection(options: ConnectionOptions, context: CommandContext): Connection {
  const url = options.url ?? context.env.TRIPLINE_URL;
  const token = options.token ?? context.env.TRIPLINE_TOKEN;
  if (url !== undefined && token !== undefined) return { url: checkedUrl(url), token };

  const directory = dataDirectory(options.data, context.env, context.home);
  const file = readClientFile(directory);
  if (file === null) {
    throw new CommandFailed(
      EXIT.failure,
      url === undefined
        ? `no Tripline found at ${directory}: start it (npm start), or name one with --url or TRIPLINE_URL`
        : `no token for ${url}: set TRIPLINE_TOKEN`,
    );
  }
  if (url !== undefined && new URL(checkedUrl(url)).origin !== new URL(file.url).origin) {
    throw new CommandFailed(
      EXIT.failure,
      `no token for ${url}: set TRIPLINE_TOKEN (the one in ${directory} is for ${file.url})`,
    );
  }
  return { url: checkedUrl(url ?? file.url), token: token ?? file.token };
}

export function checkedUrl(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new CommandFailed(EXIT.usage, `not a URL: ${url} (expected for example http://127.0.0.1:4180)`);
  }
  return url.replace(/\/+$/, "");
}
