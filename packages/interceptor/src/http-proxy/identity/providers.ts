import type { TriplineError } from "@tripline/events";
import { createApiKeyProvider } from "./api-key.ts";
import type { IdentityConfig } from "./config.ts";
import type { IdentityProvider } from "./identity.ts";
import { createFileKeySet, createRemoteKeySet } from "./jwks.ts";
import { createJwtProvider } from "./jwt.ts";

/** The providers that a checked configuration asks for, API keys first. @param onError hears of issuers out of reach */
export function createIdentityProviders(
  config: IdentityConfig,
  onError: (error: TriplineError) => void,
): IdentityProvider[] {
  return [
    ...config.api_keys.map(createApiKeyProvider),
    ...config.jwt.map((entry) =>
      createJwtProvider(
        entry,
        entry.jwks_url === undefined
          ? createFileKeySet(entry.jwks_file ?? "")
          : createRemoteKeySet(entry.jwks_url, onError),
      ),
    ),
  ];
}
