import { Readable } from "node:stream";
import { type Access, accessOf, HttpError } from "@tripline/service";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { type DoctorDeps, examine } from "../doctor/doctor.ts";
import type { DoctorLine } from "../doctor/lines.ts";
import { type ReadDependencies, recordReading } from "../read/read-route.ts";
import { doctorQuery } from "../schemas/doctor.ts";

export interface DoctorRouteDeps extends ReadDependencies, DoctorDeps {
  /** Whether this is one who runs the installation: the doctor looks at every tenant's rows. */
  isOperator(access: Access): boolean;
}

/** `GET /api/doctor`: compares log and store, as lines of JSON while it goes. Closing the connection ends it. */
export function addDoctorRoute(untyped: FastifyInstance, dependencies: DoctorRouteDeps): void {
  let running: AbortController | null = null;
  untyped.withTypeProvider<ZodTypeProvider>().route({
    method: "GET",
    url: "/api/doctor",
    onRequest: dependencies.guards.requireRole("administer"),
    schema: {
      summary: "Compares the log with the store by position: missing, doubled, altered, too much",
      description:
        "Needs the role administer in the operator's tenant. Answers application/x-ndjson: lines of type `progress`, `finding`, `partition`, `error`, and at last `summary`. Recorded as `doctor.run`.",
      tags: ["doctor"],
      querystring: doctorQuery,
      security: [{ token: [] }],
    },
    handler: async (request, reply) => {
      const access = accessOf(request);
      if (!dependencies.isOperator(access)) {
        throw new HttpError(
          403,
          "TRIPLINE_ROLE_MISSING",
          "the doctor looks at every tenant's rows: this needs a token of who runs the installation",
        );
      }
      if (running !== null) {
        throw new HttpError(
          409,
          "TRIPLINE_DOCTOR_RUNS",
          "the doctor is at work already: wait for it, or end it",
        );
      }
      const gone = new AbortController();
      running = gone;
      const end = () => {
        if (running === gone) running = null;
      };
      reply.raw.once("close", () => {
        gone.abort();
        end();
      });
      await recordReading(dependencies, access, "doctor.run", request.query, 0);
      const lines = asText(examine(dependencies, request.query, gone.signal), gone.signal, end);
      return reply.type("application/x-ndjson; charset=utf-8").send(Readable.from(lines));
    },
  });
}

async function* asText(
  lines: AsyncGenerator<DoctorLine>,
  gone: AbortSignal,
  ended: () => void,
): AsyncGenerator<string> {
  try {
    for await (const line of lines) yield `${JSON.stringify(line)}\n`;
  } catch (error) {
    if (!gone.aborted) throw error; // otherwise nobody listens any more
  } finally {
    ended();
  }
}
