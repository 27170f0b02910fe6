/**
 * Who sends a request, from its headers: API keys and JWTs side by side. Never asks anybody while a request waits, but
 * for a signing key it has not seen yet (at most a second). Credentials leave this folder as stable ids only.
 */
export { createApiKeyProvider } from "./api-key.ts";
export {
  apiKeysSchema,
  type IdentityConfig,
  identityConfigSchema,
  jwtSchema,
  loadIdentityConfig,
  parseIdentityConfig,
} from "./config.ts";
export { grantId } from "./credential.ts";
export type { Identification, Identity, IdentityProvider } from "./identity.ts";
export { createFileKeySet, createRemoteKeySet, type KeySet } from "./jwks.ts";
export { createJwtProvider } from "./jwt.ts";
export { createIdentityProviders } from "./providers.ts";
