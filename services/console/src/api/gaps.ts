import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { addReadRoute, type ReadDependencies } from "../read/read-route.ts";
import { GAPS_HOURS, gapsAnswer, gapsQuery } from "../schemas/gaps.ts";

const HOUR_MS = 3_600_000;

/** `GET /api/gaps`: what producers sent and the store lacks, page by page. */
export function addGapRoute(app: FastifyInstance, dependencies: ReadDependencies): void {
  addReadRoute(app, dependencies, {
    url: "/api/gaps",
    action: "gaps.read",
    role: "read",
    summary:
      "What producers sent and the store lacks, who fell silent, and which intervals have another hash",
    tag: "gaps",
    params: z.object({}),
    query: gapsQuery,
    answer: gapsAnswer,
    async find({ query, reader, signal }) {
      const nowMs = dependencies.now();
      const until = query.until ?? new Date(nowMs).toISOString();
      const since = query.since ?? new Date(Date.parse(until) - GAPS_HOURS * HOUR_MS).toISOString();
      const question = {
        since,
        until,
        producer: query.producer,
        hashes: query.hashes === "true",
        nowMs,
        cursor: query.cursor,
      };
      const page = await reader.gaps(question, { signal });
      return { answer: { since, until, ...page }, records: page.gaps.length };
    },
  });
}
