import { TriplineError } from "@tripline/events";
import { z } from "zod";
import type { Revoker } from "../revoker.ts";
import { awsAccessKey } from "./aws-access-key.ts";
import { contextforge } from "./contextforge.ts";
import { githubAppToken } from "./github-app-token.ts";
import { githubOrgToken } from "./github-org-token.ts";
import { githubToken } from "./github-token.ts";
import { http } from "./http.ts";
import { keycloak } from "./keycloak.ts";
import type { RevokerDeps, RevokerKind } from "./kind.ts";
import { litellm } from "./litellm.ts";
import { oauth } from "./oauth.ts";
import { sharedSignals } from "./shared-signals.ts";
import { unkey } from "./unkey.ts";

/**
 * The systems that a key can be revoked at, one file each; `kind.ts` says what such a file exports. Adding one is the file and one
 * line in each list here. The responder makes revokers of the settings; nothing here knows the log or when to try again.
 */

export const revokerSchema = z.discriminatedUnion("type", [
  oauth.schema,
  keycloak.schema,
  contextforge.schema,
  litellm.schema,
  unkey.schema,
  awsAccessKey.schema,
  githubToken.schema,
  githubAppToken.schema,
  githubOrgToken.schema,
  sharedSignals.schema,
  http.schema,
]);
export type RevokerConfig = z.infer<typeof revokerSchema>;

const KINDS: readonly RevokerKind[] = [
  oauth,
  keycloak,
  contextforge,
  litellm,
  unkey,
  awsAccessKey,
  githubToken,
  githubAppToken,
  githubOrgToken,
  sharedSignals,
  http,
];

export type { RevokerDeps } from "./kind.ts";

/** The revoker that the settings describe. @throws TriplineError when a secret can't be read now */
export function createRevoker(config: RevokerConfig, deps: RevokerDeps): Revoker {
  return kindOf(config).open(config, deps);
}

/** What may be shown of a revoker: nothing secret, and of addresses only where they go. */
export function shownRevoker(config: RevokerConfig): {
  name: string;
  type: string;
  origins: string[];
} {
  const { name, type } = config;
  return { name, type, origins: kindOf(config).origins(config) };
}

function kindOf({ type }: RevokerConfig): RevokerKind {
  const kind = KINDS.find((one) => one.type === type);
  if (kind === undefined)
    throw new TriplineError("TRIPLINE_REVOKER_UNKNOWN", `there is no revoker of type ${type}`);
  return kind;
}
