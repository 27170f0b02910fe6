import type { FastifyRequest } from "fastify";
import { HttpError } from "../http-error.ts";
import type { Producer, Role } from "./entries.ts";
import type { AccessRegistry, Identity } from "./registry.ts";

/** Who makes a request, once a guard let it pass. */
export interface Access {
  /** id of the token: what records name as `by` */
  id: string;
  tenant: string;
  roles: readonly Role[];
}

declare module "fastify" {
  interface FastifyRequest {
    /** set by `requireRole`; read it with `accessOf` */
    access?: Access;
    /** set by `requireProducer`; read it with `producerOf` */
    producer?: Producer;
  }
}

type Guard = (request: FastifyRequest) => Promise<void>;

export interface Guards {
  /** For `onRequest`: 401 without a known token, 403 when its roles lack this one. */
  requireRole(role: Role): Guard;
  /** For `onRequest`: 401 without a known producer's key. */
  requireProducer: Guard;
}

/** Guards for Fastify routes: `app.get(url, { onRequest: guards.requireRole("read") }, …)`. */
export function createGuards(access: AccessRegistry): Guards {
  return {
    requireRole: (role) => async (request) => {
      const identity = identify(access, request);
      if (identity.kind !== "person") {
        throw new HttpError(
          403,
          "TRIPLINE_ROLE_MISSING",
          "a producer's key only ingests: use a tlu_ token here",
        );
      }
      const { id, tenant, roles } = identity.person;
      if (!roles.includes(role)) {
        throw new HttpError(403, "TRIPLINE_ROLE_MISSING", `this needs a token with the role ${role}`);
      }
      request.access = { id, tenant, roles };
    },
    requireProducer: async (request) => {
      const identity = identify(access, request);
      if (identity.kind !== "producer") {
        throw new HttpError(403, "TRIPLINE_PRODUCER_KEY_MISSING", "this needs a producer's key (tlp_…)");
      }
      request.producer = identity.producer;
    },
  };
}

/** @throws when no `requireRole` guards the route: a mistake in our code. */
export function accessOf(request: FastifyRequest): Access {
  if (request.access === undefined) throw new Error("the route has no requireRole guard");
  return request.access;
}

/** @throws when no `requireProducer` guards the route: a mistake in our code. */
export function producerOf(request: FastifyRequest): Producer {
  if (request.producer === undefined) throw new Error("the route has no requireProducer guard");
  return request.producer;
}

function identify(access: AccessRegistry, request: FastifyRequest): Identity {
  const [, token] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "") ?? [];
  if (token === undefined) {
    throw new HttpError(401, "TRIPLINE_TOKEN_MISSING", "send a token as `Authorization: Bearer …`", {
      headers: { "www-authenticate": "Bearer" },
    });
  }
  const identity = access.authenticate(token);
  if (identity === null) {
    throw new HttpError(401, "TRIPLINE_TOKEN_UNKNOWN", "this token is unknown, revoked or expired", {
      headers: { "www-authenticate": 'Bearer error="invalid_token"' },
    });
  }
  return identity;
}
