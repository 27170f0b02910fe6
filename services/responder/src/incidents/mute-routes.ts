import { MAX_CREDENTIAL_CHARS, MAX_NAME_CHARS, muteSchema, SEVERITIES } from "@tripline/events";
import { accessOf, type Guards, type RedactionKeys, redactorOf } from "@tripline/service";
import type { FastifyPluginAsync } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { printable } from "../routes/printable.ts";
import type { MutesDesk } from "./mutes-desk.ts";
import { idParams, reasonBody, redacted, until } from "./typed.ts";

export interface MuteRoutesDeps {
  mutes: MutesDesk;
  secrets: RedactionKeys;
  guards: Guards;
}

const matchBody = z
  .strictObject({
    rule: printable.max(MAX_NAME_CHARS).optional(),
    credential: printable.max(MAX_CREDENTIAL_CHARS).optional(),
    server: printable.max(MAX_NAME_CHARS).optional(),
    below: z.enum(SEVERITIES).optional().describe("only what is less grave than this"),
  })
  .refine((match) => Object.values(match).some((value) => value !== undefined), {
    error: "give at least one of rule, credential, server and below",
  });
const muteBody = z.strictObject({ match: matchBody, until, reason: printable });

/** `POST`, `GET` and `DELETE /api/mutes`. */
export function muteRoutes({ mutes, secrets, guards }: MuteRoutesDeps): FastifyPluginAsync {
  return async (untyped) => {
    const app = untyped.withTypeProvider<ZodTypeProvider>();
    app.route({
      method: "POST",
      url: "/api/mutes",
      onRequest: guards.requireRole("respond"),
      schema: {
        summary: "Tell nobody of what matches, until it ends",
        tags: ["response"],
        body: muteBody,
        response: { 201: muteSchema },
      },
      handler: async (request, reply) => {
        const { id: by, tenant } = accessOf(request);
        const { match, until: ends, reason } = request.body;
        const redactor = await redactorOf(secrets, tenant);
        const asked = { match, until: ends, reason: redacted(redactor, reason), by, redactor };
        return reply.code(201).send(await mutes.add(tenant, asked));
      },
    });

    app.route({
      method: "GET",
      url: "/api/mutes",
      onRequest: guards.requireRole("read"),
      schema: {
        summary: "What nobody is told of now",
        tags: ["response"],
        response: { 200: z.object({ mutes: z.array(muteSchema) }) },
      },
      handler: async (request) => ({ mutes: mutes.all(accessOf(request).tenant) }),
    });

    app.route({
      method: "DELETE",
      url: "/api/mutes/:id",
      onRequest: guards.requireRole("respond"),
      schema: {
        summary: "End a mute now",
        tags: ["response"],
        params: idParams,
        body: reasonBody,
        response: { 200: z.object({ id: z.string() }) },
      },
      handler: async (request) => {
        const { id: by, tenant } = accessOf(request);
        const reason = redacted(await redactorOf(secrets, tenant), request.body.reason);
        await mutes.remove(tenant, request.params.id, by, reason);
        return { id: request.params.id };
      },
    });
  };
}
