import { accessOf } from "@tripline/service";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ErasureRequests } from "../erasures/erasure-requests.ts";
import { addReadRoute, type ReadDependencies } from "../read/read-route.ts";
import { errorAnswer, idParams } from "../schemas/common.ts";
import { heldAnswer, holdScope, holdsAnswer, releaseBody } from "../schemas/erasures.ts";

export interface HoldRoutesDeps extends ReadDependencies {
  requests: ErasureRequests;
}

/** `GET /api/holds`, `POST /api/holds`, `POST /api/holds/:id/release`. */
export function addHoldRoutes(app: FastifyInstance, dependencies: HoldRoutesDeps): void {
  const { requests, guards } = dependencies;
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const common = {
    tags: ["holds"],
    response: { 200: heldAnswer, "4xx": errorAnswer, "5xx": errorAnswer },
    security: [{ token: [] }],
  };

  addReadRoute(app, dependencies, {
    url: "/api/holds",
    action: "holds.search",
    role: "read",
    summary: "Legal holds in force",
    tag: "holds",
    params: z.object({}),
    query: z.strictObject({}),
    answer: holdsAnswer,
    async find({ access }) {
      const holds = (await requests.index(access.tenant)).holds(access.tenant);
      return {
        answer: {
          holds: holds.map(({ id, scope, reason, by, since }) => ({ id, scope, reason, by, since })),
        },
        records: holds.length,
      };
    },
  });

  typed.route({
    method: "POST",
    url: "/api/holds",
    onRequest: guards.requireRole("hold"),
    schema: {
      summary: "Place a legal hold on a principal, a session or the whole tenant",
      description:
        "Needs the role hold. Writes a record of type `retention`. Until it is lifted nothing of it is erased, neither by people nor by age.",
      body: holdScope,
      ...common,
    },
    handler: async (request) => {
      const { id: by, tenant } = accessOf(request);
      const { principal, session, reason } = request.body;
      const asker = { by, tenant, reason };
      const { id } =
        principal !== undefined
          ? await requests.hold(asker, { kind: "principal", subject: principal })
          : session !== undefined
            ? await requests.hold(asker, { kind: "session", subject: session })
            : await requests.hold(asker, { kind: "tenant" });
      return { id };
    },
  });

  typed.route({
    method: "POST",
    url: "/api/holds/:id/release",
    onRequest: guards.requireRole("hold"),
    schema: {
      summary: "Lift a legal hold",
      description:
        "Needs the role hold. What is over its age is erased soon after; what an erasure left out has to be asked for again.",
      params: idParams,
      body: releaseBody,
      ...common,
    },
    handler: async (request) => {
      const { id: by, tenant } = accessOf(request);
      await requests.release({ by, tenant, reason: request.body.reason }, request.params.id);
      return { id: request.params.id };
    },
  });
}
