import { shownRevoker } from "@tripline/response";
import { accessOf, type Guards } from "@tripline/service";
import type { FastifyPluginAsync } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ResponseFile } from "../settings/response-file.ts";

export interface RevokerRoutesDeps {
  guards: Guards;
  /** @throws TriplineError retriable while the responder does not run */
  file(): Pick<ResponseFile, "settings">;
}

const revokersAnswer = z.object({
  revokers: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      origins: z.array(z.string()).describe("where requests go to; never a path"),
      probes: z.boolean().describe("whether the issuer can be asked if a revoked key is refused"),
      reinstates: z.boolean().describe("whether reinstating gives the same key back there"),
    }),
  ),
});

/** `GET /api/revokers`: those that revoke the token's own tenant's keys, without secrets. */
export function revokerRoutes({ guards, file }: RevokerRoutesDeps): FastifyPluginAsync {
  return async (untyped) => {
    const app = untyped.withTypeProvider<ZodTypeProvider>();
    app.route({
      method: "GET",
      url: "/api/revokers",
      onRequest: guards.requireRole("read"),
      schema: {
        summary: "The issuers that keys are revoked at",
        tags: ["response"],
        response: { 200: revokersAnswer },
      },
      handler: async (request) => {
        const { tenant } = accessOf(request);
        const { config, revokers } = file().settings;
        return {
          revokers: config.revokers
            .filter(({ tenants }) => tenants === undefined || tenants.includes(tenant))
            .map((settings) => {
              const { name, type, origins } = shownRevoker(settings);
              const open = revokers.find((revoker) => revoker.name === name);
              return {
                name,
                type,
                origins,
                probes: open?.probes === true,
                reinstates: open?.reinstate !== undefined,
              };
            }),
        };
      },
    });
  };
}
