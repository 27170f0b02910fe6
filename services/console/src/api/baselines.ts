import {
  baselineGroupSchema,
  baselineRecord,
  baselineStatementSchema,
  encodeRecord,
  eventKey,
  TOPICS,
} from "@tripline/events";
import { accessOf } from "@tripline/service";
import type { Log } from "@tripline/stream";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ReadDependencies } from "../read/read-route.ts";
import { errorAnswer } from "../schemas/common.ts";

const MAX_BASELINES = 50; // of one request: up to 10 KB each

const stateBody = z.strictObject({
  baselines: z
    .array(z.strictObject({ baseline: baselineStatementSchema, of: baselineGroupSchema }))
    .min(1)
    .max(MAX_BASELINES),
});
const stateAnswer = z.object({ stated: z.number() });

/**
 * `POST /api/baselines`: states what has been usual of groups of the token's tenant. Each becomes a record of the events
 * topic, as everything that changes what rules find.
 */
export function addBaselineRoute(
  app: FastifyInstance,
  { log, guards, now }: Pick<ReadDependencies, "guards" | "now"> & { log: Pick<Log, "produce"> },
): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "POST",
    url: "/api/baselines",
    onRequest: guards.requireRole("administer"),
    schema: {
      summary: "State what has been usual of keys, so that rules need not learn it first",
      tags: ["rules"],
      body: stateBody,
      response: { 200: stateAnswer, "4xx": errorAnswer, "5xx": errorAnswer },
      security: [{ token: [] }],
    },
    handler: async (request) => {
      const { tenant } = accessOf(request);
      const { baselines } = request.body;
      const records = baselines.map(({ baseline, of }) => baselineRecord(tenant, baseline, of, now()));
      await log.produce(
        TOPICS.events,
        records.map((record) => ({
          key: eventKey(record.envelope),
          value: new TextEncoder().encode(encodeRecord(record)),
        })),
      );
      return { stated: records.length };
    },
  });
}
