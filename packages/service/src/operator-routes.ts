import type { FastifyPluginAsync } from "fastify";
import type { Registry } from "prom-client";
import { healthOf } from "./health.ts";
import type { Part } from "./part.ts";

/**
 * `GET /health` (503 until every part is ready, with each part's state), `GET /health/live` (200 while the event loop
 * turns) and `GET /metrics`. None needs a token: they hold states and counts only.
 */
export function operatorRoutes(deps: {
  parts: () => readonly Part[];
  metrics: Registry;
  /** Metrics in the same text format from elsewhere in the process, e.g. a worker thread's registry. */
  moreMetrics?: () => Promise<string>;
}): FastifyPluginAsync {
  return async (app) => {
    app.get("/health", async (_request, reply) => {
      const health = healthOf(deps.parts());
      return reply.code(health.ready ? 200 : 503).send(health);
    });
    app.get("/health/live", async () => ({ state: "live" }));
    app.get("/metrics", async (_request, reply) => {
      const texts = [await deps.metrics.metrics(), (await deps.moreMetrics?.()) ?? ""];
      return reply.type(deps.metrics.contentType).send(texts.join("\n"));
    });
  };
}
