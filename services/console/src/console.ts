import { LOCAL_TENANT } from "@tripline/events";
import {
  type Access,
  type AccessRegistry,
  createGuards,
  type Part,
  type RecordProducer,
  type RedactionKeys,
  type ServiceContext,
} from "@tripline/service";
import type { Store } from "@tripline/store";
import type { Log } from "@tripline/stream";
import type { FastifyPluginAsync } from "fastify";
import { addAlertRoutes } from "./api/alerts.ts";
import { addBaselineRoute } from "./api/baselines.ts";
import { addCallRoutes } from "./api/calls.ts";
import { addDeadLetterRoutes } from "./api/dead-letters.ts";
import { addDoctorRoute } from "./api/doctor.ts";
import { addErasureRoutes } from "./api/erasures.ts";
import { addGapRoute } from "./api/gaps.ts";
import { addHistoryRoute } from "./api/history.ts";
import { addHoldRoutes } from "./api/holds.ts";
import { addIncidentRoutes } from "./api/incidents.ts";
import { addLedgerRoutes } from "./api/ledger.ts";
import { addMeRoute } from "./api/me.ts";
import { openApi } from "./api/open-api.ts";
import { addOverviewRoute } from "./api/overview.ts";
import { addRevocationRoutes } from "./api/revocations.ts";
import { addRulesRoute } from "./api/rules.ts";
import { addSessionRoutes } from "./api/sessions.ts";
import { createLetterActions } from "./dead-letters/letter-actions.ts";
import { watchOpenLetters } from "./dead-letters/open-letters.ts";
import { signatureBy } from "./dead-letters/present-verdict.ts";
import { createErasureRequests } from "./erasures/erasure-requests.ts";
import type { ReadDependencies } from "./read/read-route.ts";
import { pages } from "./web/pages.ts";

export interface ConsoleDependencies {
  store: Store;
  /** Dead letters are written to it again. */
  log: Log;
  access: AccessRegistry;
  recordProducer: RecordProducer;
  /** What people type is redacted with their tenant's key before it is recorded. */
  secrets: RedactionKeys;
  context: ServiceContext;
  /** Throws for a revocation that no known key of the responder signed; absent where no keys are known. */
  checkSignature?: (entry: unknown) => unknown;
  /** Whoever administers this tenant runs the installation. Default: the tenant that the first start makes. */
  operatorTenant?: string;
  /** How long the operator keeps backups, for telling when an erased payload's last copy ends. Absent: nobody said. */
  backupDays?: number | undefined;
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
  log,
  access,
  recordProducer,
  secrets,
  context,
  checkSignature,
  operatorTenant = LOCAL_TENANT,
  backupDays,
}: ConsoleDependencies): Console {
  const dependencies: ReadDependencies = {
    store,
    guards: createGuards(access),
    recordProducer,
    secrets,
    now: context.now,
  };
  const isOperator = ({ roles, tenant }: Access) => roles.includes("administer") && tenant === operatorTenant;
  const letterActions = createLetterActions({ log, ...dependencies });
  const requests = createErasureRequests(dependencies);
  const openLetters = watchOpenLetters(context, store);
  let running = false;
  return {
    part: {
      name: "console",
      start: async () => {
        await store.ping();
        openLetters.start();
        running = true;
      },
      stop: async () => {
        openLetters.stop();
        running = false;
      },
      health: () => {
        if (!running) return { state: "stopped" };
        const { state, detail } = store.health();
        const letters = openLetters.detail();
        return state === "ready"
          ? { state: "ready", ...(letters === null ? {} : { detail: letters }) }
          : { state: "degraded", detail: detail ?? `the store is ${state}` };
      },
    },
    routes: onTheServerItself(async (app) => {
      if (!app.hasDecorator("swagger")) await app.register(openApi);
      addMeRoute(app, dependencies);
      addOverviewRoute(app, dependencies);
      addCallRoutes(app, dependencies);
      addSessionRoutes(app, dependencies);
      addHistoryRoute(app, dependencies);
      addRulesRoute(app, dependencies);
      addBaselineRoute(app, { ...dependencies, log });
      addAlertRoutes(app, dependencies);
      addIncidentRoutes(app, dependencies);
      addRevocationRoutes(app, dependencies);
      addGapRoute(app, dependencies);
      addErasureRoutes(app, { ...dependencies, requests, backupDays });
      addHoldRoutes(app, { ...dependencies, requests });
      addDeadLetterRoutes(app, {
        ...dependencies,
        actions: letterActions,
        isSigned: signatureBy(checkSignature),
        isOperator,
      });
      addDoctorRoute(app, { ...dependencies, log, isOperator });
      addLedgerRoutes(app, { ...dependencies, isOperator });
      await app.register(pages);
    }),
  };
}

/** Marks a plugin as Fastify's `fastify-plugin` does: what it adds counts for the server, not for a child of it. */
function onTheServerItself(plugin: FastifyPluginAsync): FastifyPluginAsync {
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true });
}
