import { INCIDENT_STATES, sha256Hex } from "@tripline/events";
import { accessOf, type Guards, type RedactionKeys, redactorOf } from "@tripline/service";
import type { FastifyPluginAsync } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { printable } from "../routes/printable.ts";
import { exceptionRoutes } from "./exception-routes.ts";
import type { ExceptionsDesk } from "./exceptions-desk.ts";
import type { IncidentDesk } from "./incident-desk.ts";
import { muteRoutes } from "./mute-routes.ts";
import type { MutesDesk } from "./mutes-desk.ts";
import { redacted } from "./typed.ts";

export interface IncidentRoutesDeps {
  incidents: IncidentDesk;
  mutes: MutesDesk;
  exceptions: ExceptionsDesk;
  secrets: RedactionKeys;
  guards: Guards;
}

const incidentParams = z.object({ id: sha256Hex });

const stateBody = z.strictObject({
  to: z.enum(INCIDENT_STATES).describe("open: opened again, or nobody's again"),
  note: printable.optional().describe("why, for whoever reads it later"),
});
const stateAnswer = z.object({
  id: z.string(),
  state: z.enum(INCIDENT_STATES),
  version: z.number(),
  applied: z.boolean().describe("false: it is written and has not taken effect yet"),
});

/** What people decide about incidents, mutes and exceptions, for the token's own tenant. Reading incidents is the console's. */
export function incidentRoutes(deps: IncidentRoutesDeps): FastifyPluginAsync {
  return async (app) => {
    await app.register(stateRoute(deps));
    await app.register(exceptionRoutes(deps));
    await app.register(muteRoutes(deps));
  };
}

function stateRoute({ incidents, secrets, guards }: IncidentRoutesDeps): FastifyPluginAsync {
  return async (untyped) => {
    const app = untyped.withTypeProvider<ZodTypeProvider>();
    app.route({
      method: "POST",
      url: "/api/incidents/:id/state",
      onRequest: guards.requireRole("respond"),
      schema: {
        summary: "Acknowledge an incident, resolve it, call it a false positive, or open it again",
        tags: ["response"],
        params: incidentParams,
        body: stateBody,
        response: { 200: stateAnswer, 202: stateAnswer },
      },
      handler: async (request, reply) => {
        const { id: by, tenant } = accessOf(request);
        const { to, note } = request.body;
        const said = note === undefined ? undefined : redacted(await redactorOf(secrets, tenant), note);
        const { incident, applied } = await incidents.change(tenant, request.params.id, {
          to,
          by,
          note: said,
        });
        const { id, state, version } = incident;
        return reply.code(applied ? 200 : 202).send({ id, state, version, applied });
      },
    });
  };
}
