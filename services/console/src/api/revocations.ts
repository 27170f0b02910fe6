import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { addReadRoute, NothingFound, type ReadDependencies } from "../read/read-route.ts";
import { revocationTimeline } from "../revocation-timeline.ts";
import { idParams } from "../schemas/common.ts";
import { revocationAnswer, revocationsAnswer, revocationsQuery } from "../schemas/revocations.ts";

/** `GET /api/revocations`, `/api/revocations/:id`. Deciding is the responder's. */
export function addRevocationRoutes(app: FastifyInstance, dependencies: ReadDependencies): void {
  addReadRoute(app, dependencies, {
    url: "/api/revocations",
    action: "revocations.search",
    role: "read",
    summary: "Revocations in their latest state, newest first",
    tag: "revocations",
    params: z.object({}),
    query: revocationsQuery,
    answer: revocationsAnswer,
    async find({ query: { limit, cursor, ...filter }, reader, signal }) {
      const { rows, next, previous } = await reader.revocations(filter, { limit, cursor }, { signal });
      return { answer: { revocations: rows, next, previous }, records: rows.length };
    },
  });

  addReadRoute(app, dependencies, {
    url: "/api/revocations/:id",
    action: "revocation.read",
    role: "read",
    summary: "One revocation, and how fast it went: from the completing call to the first refusal",
    tag: "revocations",
    params: idParams,
    query: z.strictObject({}),
    answer: revocationAnswer,
    async find({ params, reader, signal }) {
      const detail = await reader.revocation(params.id, { signal });
      if (detail === null) throw new NothingFound();
      return {
        answer: { revocation: detail.revocation, timeline: revocationTimeline(detail) },
        records: 1,
      };
    },
  });
}
