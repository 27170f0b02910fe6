import { readFileSync } from "node:fs";
import { TriplineError } from "@tripline/events";
import { z } from "zod";

/** The file that says whose credentials the proxy recognises. JSON. */

const label = z
  .string()
  .min(1)
  .max(256)
  .regex(/^\P{Cc}+$/u, { error: "control characters are not allowed" });
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, { error: "expected a header name, as authorization or x-api-key" });
// A slash would let one issuer's key look like another's; a space ends a credential id.
const issuerName = z
  .string()
  .regex(/^[^\s/]{1,128}$/, { error: "expected a name without spaces or slashes, as acme" });

const apiKey = z.strictObject({
  id: z.string().regex(/^[^\s]{1,256}$/, { error: "expected an id without spaces" }),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, {
      error: "expected the SHA-256 of the key as 64 lower-case hex digits (never the key itself)",
    })
    .describe('printf %s "$KEY" | sha256sum'),
  principal: label.optional().describe("the person on whose behalf the key is used"),
  agent: label.optional(),
  team: label.optional(),
  roles: z.array(label).max(64).optional(),
});

export const apiKeysSchema = z.strictObject({
  issuer: issuerName.describe("who gave the keys out: credential ids are key:<issuer>/<id>"),
  headers: z
    .array(headerName)
    .min(1)
    .max(8)
    .default(["authorization", "x-api-key"])
    .describe("where keys are looked for; authorization means its Bearer token"),
  keys: z.array(apiKey).max(100_000),
});
export type ApiKeysConfig = z.infer<typeof apiKeysSchema>;

const claim = z
  .string()
  .regex(/^[^.\s]+(\.[^.\s]+)*$/, { error: "expected a claim, or a path as realm_access.roles" });

export const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

export const jwtSchema = z
  .strictObject({
    issuer: z.string().regex(/^\S+$/).max(256).describe("the exact `iss` of the tokens"),
    audience: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .describe("one of these must be in `aud`"),
    jwks_url: z.url({ protocol: /^https?$/ }).optional(),
    jwks_file: z.string().min(1).optional().describe("read once, at the start"),
    algorithms: z
      .array(z.enum(ASYMMETRIC))
      .min(1)
      .default([...ASYMMETRIC]),
    clock_tolerance_s: z.number().int().min(0).max(300).default(5),
    client_claims: z.array(claim).min(1).default(["azp", "client_id", "cid"]),
    principal_claims: z
      .array(claim)
      .min(1)
      .default(["sub"])
      .describe("the first that a token has; put a readable one first, as email"),
    agent_claims: z.array(claim).default([]).describe("tried before `act` and the client"),
    team_claims: z.array(claim).default([]),
    roles_claims: z.array(claim).default(["roles", "realm_access.roles"]),
  })
  .refine((value) => (value.jwks_url === undefined) !== (value.jwks_file === undefined), {
    error: "expected either jwks_url or jwks_file",
    path: ["jwks_url"],
  });
export type JwtConfig = z.infer<typeof jwtSchema>;

export const identityConfigSchema = z
  .strictObject({
    require_identity: z
      .boolean()
      .default(false)
      .describe("refuse requests of nobody known with 401, instead of forwarding them as unknown"),
    api_keys: z.array(apiKeysSchema).default([]).describe("one entry for each issuer of keys"),
    jwt: z.array(jwtSchema).default([]),
  })
  .superRefine((value, context) => {
    const seen = new Map<string, string>();
    value.api_keys.forEach((set, i) => {
      set.keys.forEach((key, j) => {
        const before = seen.get(key.sha256);
        const here = `${set.issuer}/${key.id}`;
        if (before !== undefined) {
          const message = `the same key belongs to ${before}: one key is one credential`;
          context.addIssue({ code: "custom", path: ["api_keys", i, "keys", j, "sha256"], message });
        }
        seen.set(key.sha256, here);
      });
    });
  });
export type IdentityConfig = z.infer<typeof identityConfigSchema>;

/**
 * Reads and checks an identity file (JSON).
 * @throws TriplineError TRIPLINE_IDENTITY_CONFIG naming the key's path and what is allowed. What was found is not quoted:
 * a key pasted in the wrong place must not reach a log.
 */
export function loadIdentityConfig(file: string): IdentityConfig {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? "it is not JSON" : "it can't be read";
    throw configError(file, [why], cause instanceof SyntaxError ? undefined : cause);
  }
  return parseIdentityConfig(json, file);
}

/** As `loadIdentityConfig`, for a value that is read already. @param source named in errors */
export function parseIdentityConfig(value: unknown, source: string): IdentityConfig {
  const parsed = identityConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw configError(
    source,
    parsed.error.issues.map((issue) => `${issue.path.join(".") || "the top"}: ${issueText(issue)}`),
  );
}

/** zod's own messages quote neither values nor keys, but for unknown keys, which may be a secret in the wrong place. */
function issueText(issue: z.core.$ZodIssue): string {
  return issue.code === "unrecognized_keys" ? "has a key that is not known here" : issue.message;
}

function configError(source: string, problems: readonly string[], cause?: unknown): TriplineError {
  return new TriplineError(
    "TRIPLINE_IDENTITY_CONFIG",
    `the identity file ${source} is wrong: ${problems.join("; ")}`,
    { cause },
  );
}
