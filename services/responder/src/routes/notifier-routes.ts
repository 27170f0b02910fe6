import { notifierName } from "@tripline/response";
import { accessOf, type Guards, HttpError } from "@tripline/service";
import type { FastifyPluginAsync } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { NotifierQueues } from "../notify/notifier-queues.ts";

export interface NotifierRoutesDeps {
  guards: Guards;
  queues: Pick<NotifierQueues, "states" | "test">;
}

const notifiersAnswer = z.object({
  notifiers: z.array(
    z.object({
      name: z.string(),
      to: z.string().describe("where it sends to; never a path"),
      failing_since: z.string().nullable(),
      reason: z.string().nullable().describe("why the last attempt failed"),
      waiting: z.number().describe("versions of incidents that its queue has not looked at"),
    }),
  ),
});
const testAnswer = z.object({
  delivered: z.boolean(),
  reason: z.string().describe("how it ended, in words"),
});

/** `GET /api/notifiers`, `POST /api/notifiers/:name/test`. Notifiers are the installation's, not a tenant's. */
export function notifierRoutes({ guards, queues }: NotifierRoutesDeps): FastifyPluginAsync {
  return async (untyped) => {
    const app = untyped.withTypeProvider<ZodTypeProvider>();
    app.route({
      method: "GET",
      url: "/api/notifiers",
      onRequest: guards.requireRole("read"),
      schema: {
        summary: "Who is told of incidents, and whether that works",
        tags: ["response"],
        response: { 200: notifiersAnswer },
      },
      handler: async () => {
        const states = await queues.states();
        return {
          notifiers: states.map(({ failingSince, ...state }) => ({ ...state, failing_since: failingSince })),
        };
      },
    });

    app.route({
      method: "POST",
      url: "/api/notifiers/:name/test",
      onRequest: guards.requireRole("administer"),
      schema: {
        summary: "Send a test through one notifier, once, and say how that ended",
        tags: ["response"],
        params: z.object({ name: notifierName }),
        response: { 200: testAnswer },
      },
      handler: async (request) => {
        const { id: by, tenant } = accessOf(request);
        const outcome = await queues.test(request.params.name, { tenant, by });
        if (outcome === undefined) {
          throw new HttpError(404, "TRIPLINE_NOTIFIER_UNKNOWN", "response.yaml has no notifier of this name");
        }
        return outcome.kind === "delivered"
          ? { delivered: true, reason: "the receiver took it" }
          : { delivered: false, reason: outcome.reason };
      },
    });
  };
}
