import {
  type AccessRegistry,
  createGuards,
  type Part,
  type RecordProducer,
  type RedactionKeys,
  type ServiceContext,
} from "@tripline/service";
import type { Store } from "@tripline/store";
import type { FastifyPluginAsync } from "fastify";
import { addAlertRoutes } from "./api/alerts.ts";
import { addCallRoutes } from "./api/calls.ts";
import { addMeRoute } from "./api/me.ts";
import { openApi } from "./api/open-api.ts";
import { addOverviewRoute } from "./api/overview.ts";
import { addRevocationRoutes } from "./api/revocations.ts";
import { addSessionRoutes } from "./api/sessions.ts";
import type { ReadDependencies } from "./read/read-route.ts";
import { pages } from "./web/pages.ts";

export interface ConsoleDependencies {
  store: Store;
  access: AccessRegistry;
  recordProducer: RecordProducer;
  /** What people type is redacted with their tenant's key before it is recorded. */
  secrets: RedactionKeys;
  context: ServiceContext;
}

export interface Console {
  part: Part;
  /**
   * The API under `/api`, the page under `/`, and `/openapi.json`, which describes all routes registered after these:
   * register them before those of other services.
   */
  routes: FastifyPluginAsync;
}

/** Puts the console together. It asks the store only on behalf of a token, and records every reading. */
export function createConsole({
  store,
  access,
  recordProducer,
  secrets,
  context,
}: ConsoleDependencies): Console {
  const dependencies: ReadDependencies = {
    store,
    guards: createGuards(access),
    recordProducer,
    secrets,
    now: context.now,
  };
  let running = false;
  return {
    part: {
      name: "console",
      start: async () => {
        await store.ping();
        running = true;
      },
      stop: async () => {
        running = false;
      },
      health: () => {
        if (!running) return { state: "stopped" };
        const { state, detail } = store.health();
        return state === "ready"
          ? { state: "ready" }
          : { state: "degraded", detail: detail ?? `the store is ${state}` };
      },
    },
    routes: onTheServerItself(async (app) => {
      if (!app.hasDecorator("swagger")) await app.register(openApi);
      addMeRoute(app, dependencies);
      addOverviewRoute(app, dependencies);
      addCallRoutes(app, dependencies);
      addSessionRoutes(app, dependencies);
      addAlertRoutes(app, dependencies);
      addRevocationRoutes(app, dependencies);
      await app.register(pages);
    }),
  };
}

/** Marks a plugin as Fastify's `fastify-plugin` does: what it adds counts for the server, not for a child of it. */
function onTheServerItself(plugin: FastifyPluginAsync): FastifyPluginAsync {
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true });
}
