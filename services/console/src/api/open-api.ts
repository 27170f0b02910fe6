import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { createJsonSchemaTransform } from "fastify-type-provider-zod";

const transform = createJsonSchemaTransform({ skipList: ["/openapi.json"] });

/**
 * Describes every route registered after it, by its zod schemas, at `GET /openapi.json`. Register it on the server itself
 * before the other routes, so that those of other services are described too. The description holds no data: no token.
 */
export async function openApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Tripline",
        description: "What AI agents did with tools, what was dangerous, and what was refused.",
        version: "0.1.0",
      },
      components: {
        securitySchemes: {
          token: {
            type: "http",
            scheme: "bearer",
            description: "a tlu_ token; its tenant is the answer's tenant",
          },
        },
      },
    },
    transform,
  });
  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());
}

// Fastify's mark for a plugin that works on the instance it is registered on, not on a child of it.
Object.assign(openApi, { [Symbol.for("skip-override")]: true });
