import type { AccessRegistry, Guards } from "@tripline/service";
import type { FastifyPluginAsync } from "fastify";
import { producersRoutes } from "./producers-routes.ts";
import { tokensRoutes } from "./tokens-routes.ts";
import type { Trail } from "./trail.ts";

export interface AdministrationDeps {
  access: AccessRegistry;
  trail: Trail;
}

/** Who may speak and who may ask: all routes here need the role `administer`, and leave a record. */
export function administration(deps: AdministrationDeps & { guards: Guards }): FastifyPluginAsync {
  return async (app) => {
    app.addHook("onRequest", deps.guards.requireRole("administer"));
    await app.register(producersRoutes(deps));
    await app.register(tokensRoutes(deps));
  };
}
