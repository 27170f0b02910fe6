import { uuid } from "@tripline/events";
import { type Guards, HttpError, producerOf } from "@tripline/service";
import type { FastifyPluginAsync } from "fastify";
import { z } from "zod";
import type { RevocationFeed } from "./revocation-feed.ts";

const bootQuery = z.object({ boot: uuid.optional().catch(undefined) });

/**
 * `GET /v1/revocations`: the signed entries of the producer's tenant as server-sent events (`revocation`), one `loaded`
 * when the list is complete, then what comes. With `?boot=` also the verdicts (`verdict`) that this boot's calls wait for.
 */
export function revocationsRoute(deps: { feed: RevocationFeed; guards: Guards }): FastifyPluginAsync {
  return async (app) => {
    app.get("/v1/revocations", { onRequest: deps.guards.requireProducer }, async (request, reply) => {
      if (!deps.feed.isReady) {
        throw new HttpError(503, "TRIPLINE_STARTING", "the list of revocations is not complete: try again", {
          headers: { "retry-after": "1" },
        });
      }
      const { boot } = bootQuery.parse(request.query);
      reply.header("x-accel-buffering", "no"); // nginx would keep entries back
      return reply.type("text/event-stream").send(deps.feed.open(producerOf(request), boot));
    });
  };
}
