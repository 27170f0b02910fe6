import { accessOf } from "@tripline/service";
import type { FastifyInstance } from "fastify";
import type { ReadDependencies } from "../read/read-route.ts";
import { errorAnswer } from "../schemas/common.ts";
import { meAnswer } from "../schemas/me.ts";

/** `GET /api/me`: whose token this is. Shows nothing of the record, so it is not recorded. */
export function addMeRoute(app: FastifyInstance, { guards }: ReadDependencies): void {
  app.get(
    "/api/me",
    {
      onRequest: guards.requireRole("read"),
      schema: {
        summary: "Whose token this is, and what it may do",
        tags: ["me"],
        response: { 200: meAnswer, "4xx": errorAnswer },
        security: [{ token: [] }],
      },
    },
    async (request) => {
      const { id, tenant, roles } = accessOf(request);
      return { id, tenant, roles };
    },
  );
}
