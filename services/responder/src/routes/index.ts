import type { FastifyPluginAsync } from "fastify";
import { type GuardRoutesDeps, guardRoutes } from "../guards/guard-routes.ts";
import { type IncidentRoutesDeps, incidentRoutes } from "../incidents/incident-routes.ts";
import { type NotifierRoutesDeps, notifierRoutes } from "./notifier-routes.ts";
import { type ResponseRoutesDeps, responseRoutes } from "./response-routes.ts";
import { type RevocationRoutesDeps, revocationRoutes } from "./revocation-routes.ts";
import { revokerRoutes } from "./revoker-routes.ts";

/** All routes of the responder, for the server of packages/service. */
export function responderRoutes(
  deps: RevocationRoutesDeps & ResponseRoutesDeps & NotifierRoutesDeps & GuardRoutesDeps & IncidentRoutesDeps,
): FastifyPluginAsync {
  return async (app) => {
    // Before it has started it does not know what was revoked, and could not find what is to be reinstated.
    app.addHook("onRequest", async () => {
      deps.file();
    });
    await app.register(revocationRoutes(deps));
    await app.register(responseRoutes(deps));
    await app.register(notifierRoutes(deps));
    await app.register(revokerRoutes(deps));
    await app.register(guardRoutes(deps));
    await app.register(incidentRoutes(deps));
  };
}
