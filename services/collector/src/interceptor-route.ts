import type { InterceptorPolicy } from "@tripline/interceptor";
import { type Guards, producerOf, type RedactionKeys } from "@tripline/service";
import type { FastifyPluginAsync } from "fastify";

/** A public key of the responder or of the detector: what interceptors check revocations and verdicts with. */
export interface RevocationKey {
  id: string;
  /** as its owner publishes it */
  public_key: string;
}

export interface InterceptorSettings {
  secrets: RedactionKeys;
  /** the responder's public keys; asked at each request */
  revocationKeys: () => readonly RevocationKey[] | Promise<readonly RevocationKey[]>;
  /** the detector's public keys; none: no call waits for a verdict. Asked at each request */
  verdictKeys: () => readonly RevocationKey[];
  /** what the operator decided for interceptors; asked at each request */
  policy: () => InterceptorPolicy;
}

/** `GET /v1/interceptor`: who the key makes an interceptor, the tenant's redaction keys, the keys revocations are signed with, and the policy. */
export function interceptorRoute(deps: InterceptorSettings & { guards: Guards }): FastifyPluginAsync {
  return async (app) => {
    app.get("/v1/interceptor", { onRequest: deps.guards.requireProducer }, async (request) => {
      const { id, tenant, credentials, issuers } = producerOf(request);
      return {
        tenant,
        producer: id,
        credentials,
        issuers,
        redaction: await deps.secrets.of(tenant),
        revocation_keys: await deps.revocationKeys(),
        verdict_keys: deps.verdictKeys(),
        policy: deps.policy(),
      };
    });
  };
}
