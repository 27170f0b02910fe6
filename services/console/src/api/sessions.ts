import { type AlertRow, MAX_PAGE_ROWS } from "@tripline/store";
import type { FastifyInstance } from "fastify";
import { alertRowFor } from "../read/alert-texts.ts";
import { namesFor } from "../read/names.ts";
import { addReadRoute, NothingFound, type ReadDependencies } from "../read/read-route.ts";
import { idParams } from "../schemas/common.ts";
import { sessionAnswer, sessionQuery } from "../schemas/sessions.ts";

/** `GET /api/sessions/:id`: what happened in a session, in order, and what the rules said to it. */
export function addSessionRoutes(app: FastifyInstance, dependencies: ReadDependencies): void {
  addReadRoute(app, dependencies, {
    url: "/api/sessions/:id",
    action: "session.read",
    role: "read",
    summary: "A session's calls in order, with the alerts it raised",
    tag: "sessions",
    params: idParams,
    query: sessionQuery,
    answer: sessionAnswer,
    async find({ params, query, reader, access, signal }) {
      const { rows, next, previous } = await reader.session(params.id, query, { signal });
      if (rows.length === 0) throw new NothingFound();
      const alerts = await reader.alerts({ session: params.id }, { limit: MAX_PAGE_ROWS }, { signal });
      const names = await namesFor(
        access,
        reader,
        rows.map((row) => row.principal),
        signal,
      );
      return {
        answer: {
          id: params.id,
          calls: rows,
          alerts: oldestFirst(alerts.rows).map((row) => alertRowFor(access, row)),
          next,
          previous,
          ...(names === undefined ? {} : { names }),
        },
        records: rows.length,
      };
    },
  });
}

function oldestFirst(alerts: readonly AlertRow[]): AlertRow[] {
  return [...alerts].sort((a, b) => (a.time < b.time ? -1 : 1));
}
