import {
  type AccessRegistry,
  createGuards,
  type Part,
  type RecordProducer,
  type ServiceContext,
} from "@tripline/service";
import type { Log } from "@tripline/stream";
import type { FastifyPluginAsync } from "fastify";
import { administration } from "./administration/administration.ts";
import { createTrail } from "./administration/trail.ts";
import { ingestRoute } from "./ingest/ingest-route.ts";
import { type InterceptorSettings, interceptorRoute } from "./interceptor-route.ts";
import { RevocationFeed } from "./revocations/revocation-feed.ts";
import { revocationsRoute } from "./revocations/revocations-route.ts";
import { VerdictFeed } from "./revocations/verdict-feed.ts";

export interface CollectorDeps extends InterceptorSettings {
  /** The topics must exist before the part starts. */
  log: Pick<Log, "produce" | "readTable" | "follow">;
  /** Where producers' records go; it refuses them while the log is full or drained. Default: `log`. */
  intake?: Pick<Log, "produce">;
  access: AccessRegistry;
  context: ServiceContext;
  /** where enrolments and new tokens are recorded */
  records: Pick<RecordProducer, "write">;
  /** Where lists that may be long are kept, in files nobody else sees. Default: in memory. */
  dataDir?: string | undefined;
}

/** The collector: `part` follows the revocations, `routes` is everything under `/v1/`, for an app of `createHttpServer`. */
export function createCollector(deps: CollectorDeps): { part: Part; routes: FastifyPluginAsync } {
  const { access, context, log } = deps;
  const guards = createGuards(access);
  const trail = createTrail(deps.records);
  const feed = new RevocationFeed({
    log,
    context,
    isEnrolled: (id) => access.isEnrolled(id),
    directory: deps.dataDir,
  });
  const verdicts = new VerdictFeed({ log, context, deliver: (verdict, frame) => feed.tell(verdict, frame) });
  return {
    part: {
      name: feed.part.name,
      start: async () => {
        await feed.part.start();
        verdicts.start();
      },
      stop: async () => {
        await verdicts.stop();
        await feed.part.stop();
      },
      health: () => feed.part.health(),
    },
    routes: async (app) => {
      await app.register(ingestRoute({ log: deps.intake ?? log, guards, context }));
      await app.register(interceptorRoute({ ...deps, guards }));
      await app.register(revocationsRoute({ feed, guards }));
      await app.register(administration({ access, guards, trail }));
    },
  };
}
