import { z } from "zod";
import type { HttpAnswer } from "../http/index.ts";
import type { ProbeResult, Revoker, UpstreamOutcome } from "../revoker.ts";
import { concerns, isGrantOf } from "./credential.ts";
import { type Asked, ask, bodyOf } from "./exchange.ts";
import { foundTokens, noToken, tokensSchema } from "./found-tokens.ts";
import { address, COMMON, type RevokerDeps, revokerKind, secretPlace, secretReader } from "./kind.ts";

const schema = z.strictObject({
  type: z.literal("oauth").describe("any authorization server: RFC 7009, probed by RFC 7662"),
  ...COMMON,
  issuer: z.string().min(1).max(256).describe("the exact `iss`: grants are grant:<issuer>/…"),
  revocation_endpoint: address,
  introspection_endpoint: address
    .optional()
    .describe("absent: nobody can tell whether a revoked token is refused"),
  client_id: z.string().min(1).max(256).describe("the client that the tokens were issued to"),
  client_secret: secretPlace.optional().describe("absent for a public client"),
  client_auth: z.enum(["basic", "post"]).default("basic"),
  introspection_client: z
    .strictObject({ client_id: z.string().min(1).max(256), client_secret: secretPlace })
    .optional()
    .describe("who asks at the introspection endpoint, where it is not the same client"),
  tokens: tokensSchema,
});
type Settings = z.infer<typeof schema>;

const errorBody = z.object({ error: z.string() });
const introspected = z.object({ active: z.boolean() });

/**
 * Revokes the tokens of a grant that somebody laid down (refresh token first, which ends the access tokens at most servers).
 * RFC 7009 answers 200 to an unknown token too, so only introspection shows that anything ended.
 */
export const oauth = revokerKind({
  type: "oauth",
  schema,
  create: createOAuth,
  addresses: (settings) => [
    settings.revocation_endpoint,
    ...(settings.introspection_endpoint === undefined ? [] : [settings.introspection_endpoint]),
  ],
});

function createOAuth(settings: Settings, deps: RevokerDeps): Revoker {
  const { name, issuer, introspection_endpoint, tokens } = settings;
  const client = clientOf(settings, deps);
  const asker =
    settings.introspection_client === undefined
      ? client
      : clientOf({ client_auth: "basic", ...settings.introspection_client }, deps);

  function post(url: string, token: string, by: Client, signal: AbortSignal, expected: number[]) {
    const request = () => {
      const { headers, fields } = by();
      return {
        method: "POST",
        headers: {
          accept: "application/json",
          "content-type": "application/x-www-form-urlencoded",
          ...headers,
        },
        body: new URLSearchParams({ token, ...fields }).toString(),
        signal,
      };
    };
    return ask(deps.http, name, url, request, expected);
  }

  async function isActive(
    endpoint: string,
    token: string,
    signal: AbortSignal,
  ): Promise<boolean | undefined> {
    const asked = await post(endpoint, token, asker, signal, []);
    if ("failed" in asked || asked.answer.status !== 200) return undefined;
    return bodyOf(asked.answer, introspected)?.active;
  }

  return {
    name,
    probes: introspection_endpoint !== undefined,
    handles: (target) => concerns(settings, target) && isGrantOf(target, issuer),
    async revoke(target, signal): Promise<UpstreamOutcome> {
      const found = foundTokens(tokens, target.subject, deps);
      if (found.length === 0) return noToken(name, target.subject);
      for (const token of found) {
        const asked = await post(settings.revocation_endpoint, token, client, signal, [400, 401]);
        const outcome = revoked(name, asked);
        if (outcome.kind !== "done") return outcome;
      }
      const note = `${found.length} ${found.length === 1 ? "token" : "tokens"} of the grant`;
      return { kind: "done", note };
    },
    async probe(target, signal): Promise<ProbeResult> {
      const found = foundTokens(tokens, target.subject, deps);
      if (introspection_endpoint === undefined || found.length === 0) return "unknown";
      for (const token of found) {
        const active = await isActive(introspection_endpoint, token, signal);
        if (active !== false) return active === true ? "accepted" : "unknown";
      }
      return "refused";
    },
  };
}

/** RFC 7009, 2.2 and 2.2.1. */
function revoked(name: string, asked: Asked): UpstreamOutcome {
  if ("failed" in asked) return asked.failed;
  const { answer } = asked;
  if (answer.status === 200) return { kind: "done" };
  return { kind: "refused", reason: `${name}: ${whyRefused(answer)}` };
}

const MEANINGS: Record<string, string> = {
  unsupported_token_type: "the server does not revoke tokens of this type; lay down the refresh token",
  invalid_client: "the server does not accept client_id and its secret",
  unauthorized_client: "the client may not revoke tokens",
  invalid_request: "the server can't use the request; the token may belong to another client than client_id",
};

/** In our words: the server's own text may be anything. */
function whyRefused(answer: HttpAnswer): string {
  const code = bodyOf(answer, errorBody)?.error;
  const meaning = code !== undefined && Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined;
  return meaning ?? `the server answered ${answer.status} to the revocation`;
}

type Client = () => { headers: Record<string, string>; fields: Record<string, string> };

/** How a client shows who it is: RFC 6749, 2.3.1. */
function clientOf(
  settings: Pick<Settings, "client_id" | "client_secret" | "client_auth">,
  deps: RevokerDeps,
): Client {
  const { client_id, client_secret, client_auth } = settings;
  if (client_secret === undefined) return () => ({ headers: {}, fields: { client_id } });
  const read = secretReader(client_secret, deps);
  if (client_auth === "post") {
    return () => ({ headers: {}, fields: { client_id, client_secret: read() } });
  }
  return () => ({ headers: { authorization: basic(client_id, read()) }, fields: {} });
}

/** RFC 6749, 2.3.1: both parts form-encoded first. */
export function basic(user: string, password: string): string {
  const encode = (text: string) => new URLSearchParams([["", text]]).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(user)}:${encode(password)}`).toString("base64")}`;
}
