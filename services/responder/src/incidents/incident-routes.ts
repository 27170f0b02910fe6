import {
  exceptionSchema,
  INCIDENT_STATES,
  muteSchema,
  type Redactor,
  SEVERITIES,
  sha256Hex,
} from "@tripline/events";
import { accessOf, type Guards, type RedactionKeys, redactorOf } from "@tripline/service";
import type { FastifyPluginAsync } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { printable } from "../routes/printable.ts";
import type { ExceptionsDesk } from "./exceptions-desk.ts";
import type { IncidentDesk } from "./incident-desk.ts";
import type { MutesDesk } from "./mutes-desk.ts";

export interface IncidentRoutesDeps {
  incidents: IncidentDesk;
  mutes: MutesDesk;
  exceptions: ExceptionsDesk;
  secrets: RedactionKeys;
  guards: Guards;
}

const MAX_TEXT_CHARS = 1024; // a token can be longer than the secret it stands for
const MAX_NAME_CHARS = 512; // a credential's

const incidentParams = z.object({ id: sha256Hex });
const idParams = z.object({ id: z.string().min(1).max(256) });
const until = z.iso.datetime({ offset: true }).describe("when it ends");
const reasonBody = z.strictObject({ reason: printable });

const stateBody = z.strictObject({
  to: z.enum(INCIDENT_STATES).describe("open: opened again, or nobody's again"),
  note: printable.optional().describe("why, for whoever reads it later"),
});
const stateAnswer = z.object({
  id: z.string(),
  state: z.enum(INCIDENT_STATES),
  version: z.number(),
  applied: z.boolean().describe("false: it is written and has not taken effect yet"),
});

const exceptionBody = z.strictObject({
  where: z
    .record(z.string().min(1).max(MAX_NAME_CHARS), z.unknown())
    .optional()
    .describe(
      "a selection over the record that would complete the alert; absent: the same credential, server and tool",
    ),
  until,
  reason: printable,
});

const matchBody = z
  .strictObject({
    rule: printable.max(256).optional(),
    credential: printable.max(MAX_NAME_CHARS).optional(),
    server: printable.max(256).optional(),
    below: z.enum(SEVERITIES).optional().describe("only what is less grave than this"),
  })
  .refine((match) => Object.values(match).some((value) => value !== undefined), {
    error: "give at least one of rule, credential, server and below",
  });
const muteBody = z.strictObject({ match: matchBody, until, reason: printable });

/** What people decide about incidents, mutes and exceptions, for the token's own tenant. Reading incidents is the console's. */
export function incidentRoutes(deps: IncidentRoutesDeps): FastifyPluginAsync {
  return async (app) => {
    await app.register(stateRoute(deps));
    await app.register(exceptionRoutes(deps));
    await app.register(muteRoutes(deps));
  };
}

function stateRoute({ incidents, secrets, guards }: IncidentRoutesDeps): FastifyPluginAsync {
  return async (untyped) => {
    const app = untyped.withTypeProvider<ZodTypeProvider>();
    app.route({
      method: "POST",
      url: "/api/incidents/:id/state",
      onRequest: guards.requireRole("respond"),
      schema: {
        summary: "Acknowledge an incident, resolve it, call it a false positive, or open it again",
        tags: ["response"],
        params: incidentParams,
        body: stateBody,
        response: { 200: stateAnswer, 202: stateAnswer },
      },
      handler: async (request, reply) => {
        const { id: by, tenant } = accessOf(request);
        const { to, note } = request.body;
        const said = note === undefined ? undefined : redacted(await redactorOf(secrets, tenant), note);
        const { incident, applied } = await incidents.change(tenant, request.params.id, {
          to,
          by,
          note: said,
        });
        const { id, state, version } = incident;
        return reply.code(applied ? 200 : 202).send({ id, state, version, applied });
      },
    });
  };
}

function exceptionRoutes({ incidents, exceptions, secrets, guards }: IncidentRoutesDeps): FastifyPluginAsync {
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

function muteRoutes({ mutes, secrets, guards }: IncidentRoutesDeps): FastifyPluginAsync {
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

function redacted(redactor: Redactor, text: string): string {
  return redactor.redactText(text).value.slice(0, MAX_TEXT_CHARS);
}
