import { accessOf, type Guards, type RecordProducer } from "@tripline/service";
import type { OpenLog } from "@tripline/stream";
import type { FastifyPluginAsync } from "fastify";

export interface LogRoutesDeps {
  log: Pick<OpenLog, "standing" | "drain" | "reopen">;
  /** where it is recorded who did it */
  records: Pick<RecordProducer, "write">;
  guards: Guards;
}

/**
 * `GET /v1/log`: the log's generation, its state, and what is left for whom. `POST /v1/log/drain` and `…/reopen`: take no
 * more records from producers, and take them again. For the role `administer`; what is changed leaves a record.
 */
export function logRoutes({ log, records, guards }: LogRoutesDeps): FastifyPluginAsync {
  const standing = async () => {
    const { generation, state, followers } = await log.standing();
    return {
      generation,
      state,
      followers: followers.map(({ topic, group, behind }) => ({ topic, group, behind })),
    };
  };
  return async (app) => {
    app.addHook("onRequest", guards.requireRole("administer"));
    app.get("/v1/log", standing);
    for (const action of ["drain", "reopen"] as const) {
      app.post(`/v1/log/${action}`, async (request) => {
        const { id, tenant } = accessOf(request);
        await log[action]();
        await records.write({
          type: "access",
          tenant,
          access: { by: id, action: `log.${action}`, query: "{}", records: 1 },
        });
        return standing();
      });
    }
  };
}
