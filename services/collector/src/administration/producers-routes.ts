import { credentialId, timestamp } from "@tripline/events";
import {
  accessId,
  accessOf,
  credentialIssuer,
  DEFAULT_QUOTA,
  HttpError,
  MAX_QUOTA,
  producerId,
} from "@tripline/service";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { AdministrationDeps } from "./administration.ts";

const newProducer = z.strictObject({
  id: producerId,
  issuers: z.array(credentialIssuer).max(100).default(["local"]),
  credentials: z.array(credentialId).max(1_000).default([]),
  quota: z.number().int().min(1).max(MAX_QUOTA).default(DEFAULT_QUOTA),
  expires_at: timestamp.optional(),
});
const byId = z.object({ id: accessId });

/** `POST`, `GET` and `DELETE /v1/producers`: enrolment in the administrator's own tenant. The key is shown once. */
export function producersRoutes({ access, trail }: AdministrationDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get("/v1/producers", async (request) => ({ producers: access.producers(accessOf(request).tenant) }));

    app.post("/v1/producers", { schema: { body: newProducer } }, async (request, reply) => {
      const caller = accessOf(request);
      const made = await access.createProducer({ ...request.body, tenant: caller.tenant });
      await trail(caller, "producers.create", made.producer.id);
      return reply.code(201).send({ producer: made.producer, key: made.token });
    });

    app.delete("/v1/producers/:id", { schema: { params: byId } }, async (request, reply) => {
      const caller = accessOf(request);
      if (!(await access.revokeProducer(caller.tenant, request.params.id))) {
        throw new HttpError(404, "TRIPLINE_NOT_FOUND", "there is no such producer");
      }
      await trail(caller, "producers.delete", request.params.id);
      return reply.code(204).send();
    });
  };
}
