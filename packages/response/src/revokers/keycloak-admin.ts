import { z } from "zod";
import type { UpstreamOutcome } from "../revoker.ts";
import { type Asked, ask, bodyOf, unexpected } from "./exchange.ts";
import { type RevokerDeps, type SecretPlace, secretReader } from "./kind.ts";
import { basic } from "./oauth.ts";

/** What the Keycloak revoker asks of the admin REST API; measured against 26.4. */

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number() });
const userAnswer = z.looseObject({ id: z.string(), enabled: z.boolean() });
export type User = z.infer<typeof userAnswer>;
const sessionsAnswer = z.array(
  z.looseObject({ id: z.string(), clients: z.record(z.string(), z.string()).default({}) }),
);
const clientsAnswer = z.array(z.looseObject({ id: z.string(), clientId: z.string() }));

export interface Session {
  id: string;
  /** clientIds */
  clients: string[];
}

export interface KeycloakAdmin {
  readonly name: string;
  user(id: string, signal: AbortSignal): Promise<{ user: User } | UpstreamOutcome>;
  /** Null when the realm has no such client. */
  client(clientId: string, signal: AbortSignal): Promise<{ id: string } | null | UpstreamOutcome>;
  /** The id of the user that stands for the client itself; null when it has none. */
  serviceAccount(
    client: { id: string },
    signal: AbortSignal,
  ): Promise<{ id: string } | null | UpstreamOutcome>;
  sessions(user: User, signal: AbortSignal): Promise<Session[] | UpstreamOutcome>;
  offlineSessions(
    user: User,
    client: { id: string },
    signal: AbortSignal,
  ): Promise<Session[] | UpstreamOutcome>;
  endSession(session: { id: string; offline: boolean }, signal: AbortSignal): Promise<UpstreamOutcome>;
  /** Every token of the user that was issued before now is dead from now on, whatever is enabled later. */
  endEarlierTokens(user: User, signal: AbortSignal): Promise<UpstreamOutcome>;
  setEnabled(user: User, enabled: boolean, signal: AbortSignal): Promise<UpstreamOutcome>;
}

const EARLY_MS = 10_000; // a token is not used in its last seconds: the request takes time, too

export function keycloakAdmin(
  settings: {
    name: string;
    issuer: string;
    admin_url?: string | undefined;
    admin_realm?: string | undefined;
    client_id: string;
    client_secret: SecretPlace;
  },
  deps: RevokerDeps,
): KeycloakAdmin {
  const { name, issuer, client_id } = settings;
  const [, base = issuer, realm = ""] = /^(.*)\/realms\/([^/]+)\/?$/.exec(issuer) ?? [];
  const server = (settings.admin_url ?? base).replace(/\/+$/, "");
  const admin = `${server}/admin/realms/${realm}`;
  const signInAt = `${server}/realms/${settings.admin_realm ?? realm}/protocol/openid-connect/token`;
  const secret = secretReader(settings.client_secret, deps);
  let held: { token: string; until: number } | undefined;

  async function signIn(signal: AbortSignal): Promise<string | Asked> {
    if (held !== undefined && deps.now() < held.until) return held.token;
    const asked = await ask(deps.http, name, signInAt, () => ({
      method: "POST",
      headers: {
        authorization: basic(client_id, secret()),
        "content-type": "application/x-www-form-urlencoded",
      },
      body: "grant_type=client_credentials",
      signal,
    }));
    if ("failed" in asked) return asked;
    const made = asked.answer.status === 200 ? bodyOf(asked.answer, tokenAnswer) : undefined;
    if (made === undefined) {
      const reason = `${name} answered ${asked.answer.status} to signing in: check client_id and its secret`;
      return { failed: { kind: "refused", reason } };
    }
    held = { token: made.access_token, until: deps.now() + made.expires_in * 1000 - EARLY_MS };
    return made.access_token;
  }

  /** Signs in when needed, and once more when the token ended early. */
  async function call(
    method: string,
    path: string,
    signal: AbortSignal,
    body?: object,
    again = true,
  ): Promise<Asked> {
    const token = await signIn(signal);
    if (typeof token !== "string") return token;
    const asked = await ask(
      deps.http,
      name,
      `${admin}${path}`,
      () => ({
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      }),
      [401, 404],
    );
    if ("failed" in asked || asked.answer.status !== 401) return asked;
    held = undefined;
    if (again) return call(method, path, signal, body, false);
    return { failed: { kind: "refused", reason: `${name} does not accept its own token at the admin API` } };
  }

  async function read<S extends z.ZodType>(
    path: string,
    schema: S,
    signal: AbortSignal,
  ): Promise<z.infer<S> | UpstreamOutcome> {
    const asked = await call("GET", path, signal);
    if ("failed" in asked) return asked.failed;
    const value = asked.answer.status === 200 ? bodyOf(asked.answer, schema) : undefined;
    return value ?? unexpected(name, asked.answer);
  }

  async function change(
    method: string,
    path: string,
    signal: AbortSignal,
    body?: object,
  ): Promise<UpstreamOutcome> {
    const asked = await call(method, path, signal, body);
    if ("failed" in asked) return asked.failed;
    return asked.answer.status === 204 ? { kind: "done" } : unexpected(name, asked.answer);
  }

  async function sessionsAt(path: string, signal: AbortSignal): Promise<Session[] | UpstreamOutcome> {
    const found = await read(path, sessionsAnswer, signal);
    if (!Array.isArray(found)) return found;
    return found.map(({ id, clients }) => ({ id, clients: Object.values(clients) }));
  }

  const at = (user: { id: string }) => `/users/${encodeURIComponent(user.id)}`;
  return {
    name,
    async user(id, signal) {
      const asked = await call("GET", at({ id }), signal);
      if ("failed" in asked) return asked.failed;
      if (asked.answer.status === 404) {
        return { kind: "refused", reason: `${name} knows no user with the grant's subject: was it deleted?` };
      }
      const user = asked.answer.status === 200 ? bodyOf(asked.answer, userAnswer) : undefined;
      return user === undefined ? unexpected(name, asked.answer) : { user };
    },
    async client(clientId, signal) {
      const found = await read(`/clients?clientId=${encodeURIComponent(clientId)}`, clientsAnswer, signal);
      if (!Array.isArray(found)) return found;
      return found.find((client) => client.clientId === clientId) ?? null;
    },
    async serviceAccount({ id }, signal) {
      const path = `/clients/${encodeURIComponent(id)}/service-account-user`;
      const asked = await call("GET", path, signal);
      if ("failed" in asked) return asked.failed;
      const { answer } = asked;
      if (answer.status === 400 || answer.status === 404) return null; // the client has no service account
      const user = answer.status === 200 ? bodyOf(answer, userAnswer) : undefined;
      return user === undefined ? unexpected(name, answer) : { id: user.id };
    },
    sessions: (user, signal) => sessionsAt(`${at(user)}/sessions`, signal),
    offlineSessions: (user, { id }, signal) =>
      sessionsAt(`${at(user)}/offline-sessions/${encodeURIComponent(id)}`, signal),
    async endSession({ id, offline }, signal) {
      const path = `/sessions/${encodeURIComponent(id)}${offline ? "?isOffline=true" : ""}`;
      const asked = await call("DELETE", path, signal);
      if ("failed" in asked) return asked.failed;
      // It was listed a moment ago: gone since.
      return [204, 404].includes(asked.answer.status) ? { kind: "done" } : unexpected(name, asked.answer);
    },
    endEarlierTokens: (user, signal) => change("POST", `${at(user)}/logout`, signal),
    setEnabled: (user, enabled, signal) => change("PUT", at(user), signal, { ...user, enabled }),
  };
}
