import { name, timestamp } from "@tripline/events";
import { accessId, accessOf, HttpError, personId, ROLES } from "@tripline/service";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { AdministrationDeps } from "./administration.ts";

const newToken = z.strictObject({
  id: personId,
  name: name.optional(),
  roles: z.array(z.enum(ROLES)).min(1),
  expires_at: timestamp.optional(),
});
const byId = z.object({ id: accessId });

/** `POST`, `GET` and `DELETE /v1/tokens`: people and programs of the administrator's own tenant. The token is shown once. */
export function tokensRoutes({ access, trail }: AdministrationDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get("/v1/tokens", async (request) => ({ people: access.people(accessOf(request).tenant) }));

    app.post("/v1/tokens", { schema: { body: newToken } }, async (request, reply) => {
      const caller = accessOf(request);
      const { id, roles, name: shownName, expires_at } = request.body;
      const made = await access.createPerson({
        id,
        tenant: caller.tenant,
        roles,
        expires_at,
        ...(shownName === undefined ? {} : { name: shownName }),
      });
      await trail(caller, "tokens.create", made.person.id);
      return reply.code(201).send({ person: made.person, token: made.token });
    });

    app.delete("/v1/tokens/:id", { schema: { params: byId } }, async (request, reply) => {
      const caller = accessOf(request);
      if (request.params.id === caller.id) {
        // Somebody must be left who can make tokens.
        throw new HttpError(
          409,
          "TRIPLINE_OWN_TOKEN",
          "a token can't revoke itself: use another administrator's",
        );
      }
      if (!(await access.revokePerson(caller.tenant, request.params.id))) {
        throw new HttpError(404, "TRIPLINE_NOT_FOUND", "there is no such token");
      }
      await trail(caller, "tokens.delete", request.params.id);
      return reply.code(204).send();
    });
  };
}
