import { readFileSync } from "node:fs";
import { TriplineError } from "@tripline/events";
import {
  createHttp,
  createRevoker,
  type ResponseConfig,
  type Revoker,
  secretsFrom,
} from "@tripline/response";

/** The revokers of a configuration, ready to be used. @throws TriplineError TRIPLINE_SECRET_UNREADABLE */
export function openRevokers(
  config: Pick<ResponseConfig, "revokers" | "egress">,
  { env, now }: { env: Readonly<Record<string, string | undefined>>; now(): number },
): Revoker[] {
  const http = createHttp({ allowInternal: config.egress.allow_internal });
  const deps = { http, secret: secretsFrom(env), file, now };
  return config.revokers.map((settings) => {
    try {
      return createRevoker(settings, deps);
    } catch (error) {
      if (!(error instanceof TriplineError)) throw error;
      throw new TriplineError(error.code, `revoker ${settings.name}: ${error.message}`, { cause: error });
    }
  });
}

/** Tokens that nobody laid down, or not for us to read, are the same: a person has to revoke them. */
function file(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EACCES")) {
      return undefined;
    }
    throw error;
  }
}
