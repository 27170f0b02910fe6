import { type Guards, HttpError, producerOf } from "@tripline/service";
import type { FastifyPluginAsync } from "fastify";
import type { RevocationFeed } from "./revocation-feed.ts";

/**
 * `GET /v1/revocations`: the signed entries of the producer's tenant as server-sent events (`revocation`), one `loaded`
 * when the list is complete, then what comes.
 */
export function revocationsRoute(deps: { feed: RevocationFeed; guards: Guards }): FastifyPluginAsync {
  return async (app) => {
    app.get("/v1/revocations", { onRequest: deps.guards.requireProducer }, async (request, reply) => {
      if (!deps.feed.isReady) {
        throw new HttpError(503, "TRIPLINE_STARTING", "the list of revocations is not complete: try again", {
          headers: { "retry-after": "1" },
        });
      }
      reply.header("x-accel-buffering", "no"); // nginx would keep entries back
      return reply.type("text/event-stream").send(deps.feed.open(producerOf(request)));
    });
  };
}
