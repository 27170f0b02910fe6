import { join } from "node:path";
import { TriplineError } from "@tripline/events";
import { z } from "zod";
import { tokenFileName } from "./credential.ts";
import { type RevokerDeps, secretPlace } from "./kind.ts";

/** For systems that revoke a token only for who shows it: where somebody lays the tokens down, since Tripline holds none. */
export const tokensSchema = z
  .strictObject({
    directory: z
      .string()
      .startsWith("/", { error: "expected an absolute path" })
      .optional()
      .describe("files named by the SHA-256 (hex) of the credential id; one token a line"),
    of: z
      .record(z.string().min(1).max(512), secretPlace)
      .default({})
      .describe("credential id -> where its token stands"),
  })
  .describe("where the tokens of credentials are found; without one only a person can revoke it");
export type TokensSettings = z.infer<typeof tokensSchema>;

const MAX_TOKENS = 10; // of one credential: a refresh token and some access tokens

/** The tokens of a credential, read now; empty when nobody laid any down. Never kept. */
export function foundTokens(settings: TokensSettings, credential: string, deps: RevokerDeps): string[] {
  const place = Object.hasOwn(settings.of, credential) ? settings.of[credential] : undefined;
  const texts = [
    place === undefined ? undefined : read(() => deps.secret(place)),
    settings.directory === undefined
      ? undefined
      : deps.file(join(settings.directory, tokenFileName(credential))),
  ];
  return texts
    .flatMap((text) => text?.split(/\s+/) ?? [])
    .filter((token) => /^[\x21-\x7e]+$/.test(token))
    .slice(0, MAX_TOKENS);
}

/** Why nothing can be done without the token, and what a person does. */
export function noToken(revoker: string, credential: string): { kind: "impossible"; reason: string } {
  return {
    kind: "impossible",
    reason: `${revoker} revokes a token only for who shows it, and none is laid down for this credential: revoke it at the issuer by hand, or lay it down as ${tokenFileName(credential)} in the tokens directory`,
  };
}

function read(secret: () => string): string | undefined {
  try {
    return secret();
  } catch (error) {
    if (error instanceof TriplineError) return undefined; // not there: the same as not laid down
    throw error;
  }
}
