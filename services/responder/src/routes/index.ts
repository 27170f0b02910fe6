import type { FastifyPluginAsync } from "fastify";
import { type ResponseRoutesDeps, responseRoutes } from "./response-routes.ts";
import { type RevocationRoutesDeps, revocationRoutes } from "./revocation-routes.ts";

/** All routes of the responder, for the server of packages/service. */
export function responderRoutes(deps: RevocationRoutesDeps & ResponseRoutesDeps): FastifyPluginAsync {
  return async (app) => {
    // Before it has started it does not know what was revoked, and could not find what is to be reinstated.
    app.addHook("onRequest", async () => {
      deps.file();
    });
    await app.register(revocationRoutes(deps));
    await app.register(responseRoutes(deps));
  };
}
