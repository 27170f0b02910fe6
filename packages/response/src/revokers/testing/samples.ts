import { generateKeyPairSync } from "node:crypto";
import { tokenFileName } from "../credential.ts";
import { type Recorded, SECRET } from "./recorded-http.ts";

/** For tests: each type of revoker with settings, a credential it is for, and the answers when everything goes well. */

export interface Sample {
  settings: Record<string, unknown>;
  subject: string;
  /** In place of SECRET, where the secret must be a key. */
  secret?: string;
  files?: Record<string, string>;
  answers: Recorded;
  /** What the answers are when the key is dead; of `answers` when the probe is asked after a revocation. */
  refused?: Recorded;
  /** How a missing id shows, where that is no proof of death. */
  unknownId?: Recorded;
}

const pem = (type: "ed25519" | "rsa"): string =>
  (type === "rsa"
    ? generateKeyPairSync("rsa", { modulusLength: 2048 })
    : generateKeyPairSync("ed25519")
  ).privateKey
    .export({ type: "pkcs8", format: "pem" })
    .toString();

const env = { env: "SECRET" };
const KEY_HASH = "a".repeat(64);
const KC = "https://kc.example/realms/acme";
const TOKENS = "/run/tokens";
const tokenFile = (subject: string): string => `${TOKENS}/${tokenFileName(subject)}`;

const OAUTH_GRANT = "grant:https://idp.example/agent/u-1";
const KC_GRANT = `grant:${KC}/agent/u-1/sid-1`;
const GITHUB_KEY = "key:github/ci";
const AWS_ID = "AKIAIOSFODNN7EXAMPLE";

const aws = (status: string): string =>
  `<ListAccessKeysResponse><ListAccessKeysResult><AccessKeyMetadata><member><UserName>ci</UserName><AccessKeyId>AKIAOTHEROTHEROTHER0</AccessKeyId><Status>Inactive</Status></member><member><UserName>ci</UserName><AccessKeyId>${AWS_ID}</AccessKeyId><Status>${status}</Status></member></AccessKeyMetadata></ListAccessKeysResult></ListAccessKeysResponse>`;
const lastUsed =
  "<GetAccessKeyLastUsedResponse><GetAccessKeyLastUsedResult><UserName>ci</UserName></GetAccessKeyLastUsedResult></GetAccessKeyLastUsedResponse>";

const keycloakAnswers: Recorded = {
  "POST /realms/acme/protocol/openid-connect/token": {
    status: 200,
    body: { access_token: "at", expires_in: 60 },
  },
  "GET /admin/realms/acme/clients?clientId=agent": { status: 200, body: [{ id: "c-1", clientId: "agent" }] },
  "GET /admin/realms/acme/clients/c-1/service-account-user": {
    status: 400,
    body: { error: "unknown_error" },
  },
  "GET /admin/realms/acme/users/u-1": { status: 200, body: { id: "u-1", enabled: true } },
  "GET /admin/realms/acme/users/u-1/sessions": {
    status: 200,
    body: [{ id: "sid-1", clients: { "c-1": "agent" } }],
  },
  "GET /admin/realms/acme/users/u-1/offline-sessions/c-1": { status: 200, body: [] },
  "DELETE /admin/realms/acme/sessions/sid-1": { status: 204 },
};

export const SAMPLES: Record<string, Sample> = {
  oauth: {
    settings: {
      type: "oauth",
      issuer: "https://idp.example",
      revocation_endpoint: "https://idp.example/revoke",
      introspection_endpoint: "https://idp.example/introspect",
      client_id: "agent",
      client_secret: env,
      tokens: { directory: TOKENS },
    },
    subject: OAUTH_GRANT,
    files: { [tokenFile(OAUTH_GRANT)]: "refresh-token\naccess-token\n" },
    answers: {
      "POST /revoke": { status: 200 },
      "POST /introspect": { status: 200, body: { active: true } },
    },
    refused: { "POST /introspect": { status: 200, body: { active: false } } },
  },
  keycloak: {
    settings: { type: "keycloak", issuer: KC, client_id: "tripline", client_secret: env },
    subject: KC_GRANT,
    answers: keycloakAnswers,
    refused: {
      ...keycloakAnswers,
      "GET /admin/realms/acme/users/u-1/sessions": { status: 200, body: [] },
    },
    unknownId: {
      ...keycloakAnswers,
      "GET /admin/realms/acme/users/u-1": { status: 404, body: { error: "User not found" } },
    },
  },
  contextforge: {
    settings: { type: "contextforge", url: "https://cf.example", email: "ops@acme.example", password: env },
    subject: "key:contextforge/t-1",
    answers: {
      "POST /auth/login": { status: 200, body: { access_token: "session", token_type: "bearer" } },
      "GET /tokens/t-1": { status: 200, body: { id: "t-1", name: "ci", is_active: true } },
      "DELETE /tokens/t-1": { status: 204 },
    },
    refused: {
      "POST /auth/login": { status: 200, body: { access_token: "session" } },
      "GET /tokens/t-1": { status: 200, body: { id: "t-1", name: "ci", is_active: false } },
    },
    unknownId: {
      "POST /auth/login": { status: 200, body: { access_token: "session" } },
      "GET /tokens/t-1": { status: 404, body: { detail: "Token not found" } },
      "GET /tokens/admin/all*": { status: 200, body: { tokens: [], total: 0, limit: 50, offset: 0 } },
    },
  },
  litellm: {
    settings: { type: "litellm", url: "https://llm.example/", admin_key: env },
    subject: `key:litellm/${KEY_HASH}`,
    answers: {
      [`GET /key/info?key=${KEY_HASH}`]: { status: 200, body: { key: KEY_HASH, info: { blocked: null } } },
      "POST /key/block": { status: 200, body: { token: KEY_HASH, blocked: true } },
    },
    refused: {
      [`GET /key/info?key=${KEY_HASH}`]: { status: 200, body: { key: KEY_HASH, info: { blocked: true } } },
      "POST /key/unblock": { status: 200, body: { token: KEY_HASH, blocked: false } },
    },
    unknownId: {
      "GET /key/info*": { status: 404, body: { error: { message: "Key not found in database" } } },
    },
  },
  unkey: {
    settings: { type: "unkey", root_key: env },
    subject: "key:unkey/key_1",
    answers: {
      "POST /v2/keys.getKey": {
        status: 200,
        body: { meta: { requestId: "r" }, data: { keyId: "key_1", enabled: true } },
      },
      "POST /v2/keys.updateKey": { status: 200, body: { meta: { requestId: "r" }, data: {} } },
    },
    refused: {
      "POST /v2/keys.getKey": {
        status: 200,
        body: { meta: { requestId: "r" }, data: { keyId: "key_1", enabled: false } },
      },
      "POST /v2/keys.updateKey": { status: 200, body: { meta: { requestId: "r" }, data: {} } },
    },
    unknownId: {
      "POST /v2/keys.getKey": {
        status: 404,
        body: {
          meta: { requestId: "r" },
          error: { title: "Not Found", status: 404, detail: "The specified key was not found." },
        },
      },
    },
  },
  aws_access_key: {
    settings: { type: "aws_access_key", access_key_id: "AKIAADMINADMINADMIN0", secret_access_key: env },
    subject: `key:aws/${AWS_ID}`,
    answers: {
      "POST /": [
        { status: 200, body: lastUsed },
        { status: 200, body: aws("Active") },
        { status: 200, body: "<UpdateAccessKeyResponse/>" },
      ],
    },
    refused: {
      "POST /": [
        { status: 200, body: lastUsed },
        { status: 200, body: aws("Inactive") },
        { status: 200, body: "<UpdateAccessKeyResponse/>" },
      ],
    },
    unknownId: {
      "POST /": {
        status: 404,
        body: "<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>x</Message></Error></ErrorResponse>",
      },
    },
  },
  github_token: {
    settings: { type: "github_token", tokens: { of: { [GITHUB_KEY]: env } } },
    subject: GITHUB_KEY,
    answers: {
      "POST /credentials/revoke": { status: 202, body: {} },
      "GET /user": { status: 200, body: {} },
    },
    refused: { "GET /user": { status: 401, body: { message: "Bad credentials" } } },
  },
  github_app_token: {
    settings: {
      type: "github_app_token",
      client_id: "Iv1.abc",
      client_secret: env,
      tokens: { directory: TOKENS },
    },
    subject: GITHUB_KEY,
    files: { [tokenFile(GITHUB_KEY)]: "gho_x" },
    answers: {
      "DELETE /applications/Iv1.abc/grant": { status: 204 },
      "GET /user": { status: 200, body: {} },
    },
    refused: { "GET /user": { status: 401, body: { message: "Bad credentials" } } },
  },
  github_org_token: {
    settings: {
      type: "github_org_token",
      organization: "acme",
      app_id: "12",
      installation_id: "34",
      private_key: env,
    },
    subject: "key:github/25381",
    secret: pem("rsa"),
    answers: {
      "POST /app/installations/34/access_tokens": { status: 201, body: { token: "ghs_x" } },
      "POST /orgs/acme/personal-access-tokens/25381": { status: 204 },
      "GET /orgs/acme/personal-access-tokens/25381/repositories?per_page=1": { status: 200, body: [] },
    },
    refused: {
      "POST /app/installations/34/access_tokens": { status: 201, body: { token: "ghs_x" } },
      "GET /orgs/acme/personal-access-tokens/25381/repositories?per_page=1": { status: 404 },
    },
  },
  shared_signals: {
    settings: {
      type: "shared_signals",
      issuer: "https://idp.example",
      receiver: "https://receiver.example/events",
      transmitter: "https://tripline.acme.example",
      audience: "https://receiver.example",
      signing_key: env,
      key_id: "k1",
    },
    subject: OAUTH_GRANT,
    secret: pem("ed25519"),
    answers: { "POST /events": { status: 202 } },
  },
  http: {
    settings: {
      type: "http",
      credentials: ["key:vault/*"],
      secret_headers: { authorization: { ...env, prefix: "Bearer " } },
      revoke: {
        method: "PUT",
        url: "https://vault.example/keys/{id}",
        json: { on: false },
        done: { status: [204] },
      },
      probe: {
        method: "GET",
        url: "https://vault.example/keys/{id}",
        refused: { status: [200], json: { path: "data.on", equals: false } },
        accepted: { status: [200], json: { path: "data.on", equals: true } },
      },
      reinstate: {
        method: "PUT",
        url: "https://vault.example/keys/{id}",
        json: { on: true },
        done: { status: [204] },
      },
    },
    subject: "key:vault/ci",
    answers: {
      "PUT /keys/ci": { status: 204 },
      "GET /keys/ci": { status: 200, body: { data: { on: true } } },
    },
    refused: {
      "PUT /keys/ci": { status: 204 },
      "GET /keys/ci": { status: 200, body: { data: { on: false } } },
    },
  },
};

/** Texts that must be in no outcome. */
export function secretsOf({ secret = SECRET, files = {} }: Sample): string[] {
  return [secret, ...Object.values(files).flatMap((text) => text.split(/\s+/))].filter((text) => text !== "");
}
