import { randomUUID } from "node:crypto";
import { TriplineError } from "@tripline/events";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  LogController,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import type { ServiceContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import type { Part, PartHealth } from "../part.ts";
import { addErrorHandling } from "./errors.ts";
import { observeRequests } from "./observe-requests.ts";
import { createOriginCheck, type OriginRules } from "./origin-check.ts";
import { addSecurityHeaders } from "./security-headers.ts";

const BODY_LIMIT_BYTES = 1024 * 1024; // requests of people and programs; ingest raises it for its own route
const REQUEST_TIMEOUT_MS = 30_000; // to receive a whole request; answers may take as long as they like
const MAX_PARAMETER_CHARS = 1_024; // credential ids and subjects in paths

const CLOSE_GRACE_MS = 5_000; // for answers that are on their way
const LOOK_FOR_IDLE_MS = 50;

/** A Fastify instance whose routes take zod schemas. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export interface HttpServerOptions extends OriginRules {
  context: ServiceContext;
  port: number;
  /**
   * While this says false, everything but `/health`, `/health/live` and `/metrics` is answered with 503: the server
   * listens before the parts behind it are ready.
   */
  ready?: () => boolean;
}

export interface HttpServer {
  /** Register routes here before the part starts. */
  app: HttpApp;
  /** Listens from `start` to `stop`. Start it first, so that it stops last. */
  part: Part;
  /** Where it listens, e.g. `http://127.0.0.1:4180`. @throws before the part has started */
  url(): string;
}

const ALWAYS_OPEN = new Set(["/health", "/health/live", "/metrics"]);

/** The HTTP server of a service; see the folder's README for what it promises. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { context } = options;
  const loggerInstance: FastifyBaseLogger = context.logger;
  const app: HttpApp = Fastify({
    loggerInstance,
    // Fastify's own lines hold URLs, which hold what people search for.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: MAX_PARAMETER_CHARS },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  const checkOrigin = createOriginCheck(options);
  observeRequests(app, context);
  addSecurityHeaders(app);
  addErrorHandling(app);
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    checkOrigin(request.method, request.headers);
    if (options.ready?.() === false && !ALWAYS_OPEN.has(request.routeOptions.url ?? "")) {
      throw new HttpError(503, "TRIPLINE_STARTING", "still starting: try again in a moment", {
        headers: { "retry-after": "1" },
      });
    }
  });

  let health: PartHealth = { state: "starting" };
  return {
    app,
    part: {
      name: "http",
      start: async () => {
        try {
          await app.listen({ host: options.host, port: options.port });
        } catch (cause) {
          health = { state: "failed", detail: "can't listen" };
          const where = `${options.host}:${options.port}`;
          throw new TriplineError(
            "TRIPLINE_LISTEN",
            `can't listen on ${where}: choose another --port or --host`,
            { cause },
          );
        }
        health = { state: "ready" };
      },
      stop: async () => {
        await closeWithin(app, CLOSE_GRACE_MS);
        health = { state: "stopped" };
      },
      health: () => health,
    },
    url: () => {
      const address = app.server.address();
      if (address === null || typeof address === "string")
        throw new Error("the HTTP server does not listen yet");
      return `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
    },
  };
}

/** Node closes the connections that are idle at that moment; those that become idle later would hold the server for a minute. */
async function closeWithin(app: HttpApp, graceMs: number): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), LOOK_FOR_IDLE_MS);
  const grace = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(grace);
  }
}
