import { z } from "zod";
import type { ProbeResult, RevocationTarget, Revoker, UpstreamOutcome } from "../revoker.ts";
import { concerns, type Grant, grantOf, isGrantOf } from "./credential.ts";
import { type KeycloakAdmin, keycloakAdmin, type User } from "./keycloak-admin.ts";
import { address, COMMON, type RevokerDeps, revokerKind, secretPlace } from "./kind.ts";

const schema = z.strictObject({
  type: z.literal("keycloak").describe("Keycloak: sessions are ended; a service account is disabled"),
  ...COMMON,
  issuer: address.describe("the exact `iss`, https://host/realms/REALM: grants are grant:<issuer>/…"),
  admin_url: address.optional().describe("where the admin API is; absent: before /realms/ of the issuer"),
  admin_realm: z.string().min(1).optional().describe("where client_id is; absent: the issuer's realm"),
  client_id: z
    .string()
    .min(1)
    .max(256)
    .describe(
      "a confidential client whose service account has manage-users and view-clients of realm-management",
    ),
  client_secret: secretPlace,
});

/**
 * What ends a grant depends on whose it is, and Keycloak's own "revoke" and "disable" are neither of them enough.
 * A person's: their sessions with this client are ended, online and offline; tokens and refresh tokens of these are dead for good.
 * A service account's (client credentials; there is no session): the account's user is disabled, which stops its tokens and new
 * ones. Enabling it again would revive old tokens that have not expired, so reinstating first moves the user's not-before.
 */
export const keycloak = revokerKind({
  type: "keycloak",
  schema,
  create: createKeycloak,
  addresses: ({ issuer, admin_url }) => [admin_url ?? issuer],
});

function createKeycloak(settings: z.infer<typeof schema>, deps: RevokerDeps): Revoker {
  const { name, issuer } = settings;
  const admin = keycloakAdmin(settings, deps);

  return {
    name,
    probes: true,
    handles: (target) => concerns(settings, target) && isGrantOf(target, issuer),
    async revoke(target, signal): Promise<UpstreamOutcome> {
      const found = await whose(admin, target, issuer, signal);
      if ("kind" in found) return found;
      if (!found.isServiceAccount) return endSessions(admin, found, signal);
      return found.user.enabled
        ? admin.setEnabled(found.user, false, signal)
        : { kind: "done", already: true };
    },
    async probe(target, signal): Promise<ProbeResult> {
      const found = await whose(admin, target, issuer, signal);
      if ("kind" in found) return "unknown";
      if (found.isServiceAccount) return found.user.enabled ? "accepted" : "refused";
      const sessions = await sessionsOf(admin, found, signal);
      if (!Array.isArray(sessions)) return "unknown";
      return sessions.length === 0 ? "refused" : "accepted";
    },
    async reinstate(target, signal): Promise<UpstreamOutcome> {
      const found = await whose(admin, target, issuer, signal);
      if ("kind" in found) return found;
      if (!found.isServiceAccount) {
        return { kind: "done", note: "ended sessions stay dead; signing in makes new ones" };
      }
      if (found.user.enabled) return { kind: "done", already: true };
      // While the user is still disabled: with nothing in between would old tokens be good again.
      const ended = await admin.endEarlierTokens(found.user, signal);
      return ended.kind === "done" ? admin.setEnabled(found.user, true, signal) : ended;
    },
  };
}

interface Whose {
  grant: Grant;
  user: User;
  /** Null when the realm knows the client no more. */
  client: { id: string } | null;
  /** The client acts for itself (client credentials): its tokens belong to no session. */
  isServiceAccount: boolean;
}

async function whose(
  admin: KeycloakAdmin,
  target: RevocationTarget,
  issuer: string,
  signal: AbortSignal,
): Promise<Whose | UpstreamOutcome> {
  const grant = grantOf(target, issuer);
  if (grant === undefined) {
    return {
      kind: "impossible",
      reason: `${admin.name}: of this grant only a hash was kept; end the session in Keycloak by hand`,
    };
  }
  const client = await admin.client(grant.client, signal);
  if (client !== null && "kind" in client) return client;
  const account = client === null ? null : await admin.serviceAccount(client, signal);
  if (account !== null && "kind" in account) return account;
  const found = await admin.user(grant.subject, signal);
  if ("kind" in found) return found;
  return { grant, client, ...found, isServiceAccount: account?.id === grant.subject };
}

/** The sessions that a grant lives in: the one it names, else all of this user with this client. Online and offline. */
async function sessionsOf(
  admin: KeycloakAdmin,
  { user, grant, client }: Whose,
  signal: AbortSignal,
): Promise<{ id: string; offline: boolean }[] | UpstreamOutcome> {
  const online = await admin.sessions(user, signal);
  if (!Array.isArray(online)) return online;
  const offline = client === null ? [] : await admin.offlineSessions(user, client, signal);
  if (!Array.isArray(offline)) return offline;
  return [
    ...online
      .filter((session) =>
        grant.sid === undefined ? session.clients.includes(grant.client) : session.id === grant.sid,
      )
      .map(({ id }) => ({ id, offline: false })),
    ...offline
      .filter(({ id }) => grant.sid === undefined || id === grant.sid)
      .map(({ id }) => ({ id, offline: true })),
  ];
}

async function endSessions(admin: KeycloakAdmin, of: Whose, signal: AbortSignal): Promise<UpstreamOutcome> {
  const sessions = await sessionsOf(admin, of, signal);
  if (!Array.isArray(sessions)) return sessions;
  for (const session of sessions) {
    const ended = await admin.endSession(session, signal);
    if (ended.kind !== "done") return ended;
  }
  if (sessions.length === 0) return { kind: "done", already: true, note: "no session of it was left" };
  return { kind: "done", note: `${sessions.length} ${sessions.length === 1 ? "session" : "sessions"} ended` };
}
