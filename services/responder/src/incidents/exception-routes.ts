import { exceptionSchema, sha256Hex } from "@tripline/events";
import { accessOf, type Guards, type RedactionKeys, redactorOf } from "@tripline/service";
import type { FastifyPluginAsync } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { printable } from "../routes/printable.ts";
import type { ExceptionsDesk } from "./exceptions-desk.ts";
import type { IncidentDesk } from "./incident-desk.ts";
import { idParams, reasonBody, redacted, until } from "./typed.ts";

export interface ExceptionRoutesDeps {
  incidents: IncidentDesk;
  exceptions: ExceptionsDesk;
  secrets: RedactionKeys;
  guards: Guards;
}

const MAX_FIELD_CHARS = 256; // a field with modifiers

const incidentParams = z.object({ id: sha256Hex });
const exceptionBody = z.strictObject({
  where: z
    .record(z.string().min(1).max(MAX_FIELD_CHARS), z.unknown())
    .optional()
    .describe(
      "a selection over the record that would complete the alert; absent: the same credential, server and tool",
    ),
  until,
  reason: printable,
});

/** `POST /api/incidents/:id/exception`, `GET /api/exceptions`, `DELETE /api/exceptions/:id`. */
export function exceptionRoutes({
  incidents,
  exceptions,
  secrets,
  guards,
}: ExceptionRoutesDeps): FastifyPluginAsync {
  return async (untyped) => {
    const app = untyped.withTypeProvider<ZodTypeProvider>();
    app.route({
      method: "POST",
      url: "/api/incidents/:id/exception",
      onRequest: guards.requireRole("respond"),
      schema: {
        summary: "Let the incident's rule raise no alert where this holds, until it ends",
        tags: ["response"],
        params: incidentParams,
        body: exceptionBody,
        response: { 201: exceptionSchema },
      },
      handler: async (request, reply) => {
        const { id: by, tenant } = accessOf(request);
        const { where, until: ends, reason } = request.body;
        const redactor = await redactorOf(secrets, tenant);
        const incident = await incidents.find(tenant, request.params.id);
        const asked = { where, until: ends, reason: redacted(redactor, reason), by, redactor };
        return reply.code(201).send(await exceptions.add(incident, asked));
      },
    });

    app.route({
      method: "GET",
      url: "/api/exceptions",
      onRequest: guards.requireRole("read"),
      schema: {
        summary: "Exceptions of rules that people made of false positives",
        tags: ["response"],
        response: { 200: z.object({ exceptions: z.array(exceptionSchema) }) },
      },
      handler: async (request) => ({ exceptions: exceptions.all(accessOf(request).tenant) }),
    });

    app.route({
      method: "DELETE",
      url: "/api/exceptions/:id",
      onRequest: guards.requireRole("respond"),
      schema: {
        summary: "End an exception now",
        tags: ["response"],
        params: idParams,
        body: reasonBody,
        response: { 200: z.object({ id: z.string() }) },
      },
      handler: async (request) => {
        const { id: by, tenant } = accessOf(request);
        const reason = redacted(await redactorOf(secrets, tenant), request.body.reason);
        await exceptions.remove(tenant, request.params.id, by, reason);
        return { id: request.params.id };
      },
    });
  };
}
