import { LOCAL_PRODUCER, LOCAL_TENANT } from "@tripline/events";
import { ROLES } from "./entries.ts";
import type { AccessRegistry } from "./registry.ts";

export const LOCAL_ADMINISTRATOR = "administrator";

/** Shown once; the caller keeps them (the standalone writes `client.json`, 0600). */
export interface BootstrapTokens {
  tenant: string;
  /** a `tlu_` token with every role */
  administrator_token: string;
  /** the ingest key (`tlp_`) of the producer `local`, which speaks for `local:` credentials */
  producer_id: string;
  producer_token: string;
}

/**
 * The first start: an administrator with all roles and the producer `local`. Null when access was set up before; with
 * `reissue` (for when the caller lost the tokens) both are made anew and the old ones stop working.
 */
export async function bootstrapAccess(
  access: AccessRegistry,
  options: { tenant?: string; reissue?: boolean } = {},
): Promise<BootstrapTokens | null> {
  if (!access.isEmpty && options.reissue !== true) return null;
  const tenant = options.tenant ?? LOCAL_TENANT;
  const administrator = await access.createPerson(
    {
      id: LOCAL_ADMINISTRATOR,
      name: "administrator of this installation",
      tenant,
      roles: ROLES,
    },
    { replace: true },
  );
  const producer = await access.createProducer(
    { id: LOCAL_PRODUCER, tenant, issuers: ["local"] },
    { replace: true },
  );
  return {
    tenant,
    administrator_token: administrator.token,
    producer_id: LOCAL_PRODUCER,
    producer_token: producer.token,
  };
}
