import { join } from "node:path";
import { createArchiver, ledgerSettingsOf } from "@tripline/archiver";
import { createCollector, openInterceptorPolicy } from "@tripline/collector";
import { createConsole } from "@tripline/console";
import { createDetectorWorker } from "@tripline/detector";
import { createEraserPart } from "@tripline/eraser";
import { createResponder } from "@tripline/responder";
import { DETECTOR_KEY, loadOrCreateSigningKey, verifyRevocation } from "@tripline/response";
import {
  AccessRegistry,
  createGuards,
  createHttpServer,
  createRecordProducer,
  createRedactionKeys,
  healthOf,
  operatorRoutes,
  type Part,
  type ServiceContext,
} from "@tripline/service";
import { openStore } from "@tripline/store";
import { defaultPartitions, kafkaAccess, lockDirectory, openLog, triplineTopics } from "@tripline/stream";
import { type ClientFile, writeClientFile } from "./client-file.ts";
import type { StandaloneConfig } from "./config.ts";
import { logPart } from "./log-part.ts";
import { logRoutes } from "./log-routes.ts";
import { storePart } from "./store-part.ts";

export interface Standalone {
  /** In the order in which they start. */
  parts: Part[];
  /** Once all parts have started: where it listens, and the tokens of this machine's own programs. */
  announce(): Promise<ClientFile>;
  /** After the last part has stopped. */
  close(): void;
}

/** All services in one process, over one log and one store, behind one HTTP port. */
export async function createStandalone(
  config: StandaloneConfig,
  context: ServiceContext,
): Promise<Standalone> {
  const { data } = config;
  const { logger } = context;
  // The log and the store have locks of their own where they are embedded; keys, tokens and settings are here in any case.
  const lock = lockDirectory(data, "the data directory");
  const access = await AccessRegistry.open({ path: join(data, "access.json"), logger, now: context.now });
  const log = await openLog({
    url: config.log,
    dataDir: data,
    embedded: {
      sync: config.logSync,
      reserveBytes: config.logReserve * 2 ** 20,
      onExpireError: (error) => logger.warn({ err: error }, "the log's retention failed and is tried again"),
    },
    kafka: await kafkaAccess(config, { clientId: "tripline", logger }),
  });
  await log.ensureTopics(triplineTopics(defaultPartitions(config.log)));
  const store = await openStore(
    config.store === "embedded:"
      ? { dataDir: join(data, "store") }
      : { url: config.store, username: config.storeUser, password: config.storePassword },
  );

  const interceptors = await openInterceptorPolicy(join(data, "interceptors.yaml"), context);

  const parts: Part[] = [];
  const http = createHttpServer({ ...config, context, ready: () => healthOf(parts).ready });
  const records = createRecordProducer({ log, producerId: "tripline", context });
  const secrets = createRedactionKeys({ directory: join(data, "keys"), now: context.now });
  const responder = createResponder({
    log,
    dataDir: data,
    records,
    secrets,
    context,
    guards: createGuards(access),
    publicUrl: () => config.publicUrl ?? http.url(),
  });
  const verdictKey = loadOrCreateSigningKey(join(data, "keys"), DETECTOR_KEY);
  const verdictKeys = [{ id: verdictKey.id, public_key: verdictKey.publicKey }];
  const collector = createCollector({
    log,
    intake: log.intake,
    access,
    context,
    records,
    secrets,
    revocationKeys: () => responder.publicKeys,
    verdictKeys: () => verdictKeys,
    dataDir: data,
    policy: interceptors.policy,
  });
  const detector = createDetectorWorker({
    log,
    context,
    places: { ...config, directory: config.rules },
    verdictKey,
  });
  const people = createConsole({
    store,
    log,
    access,
    recordProducer: records,
    secrets,
    context,
    checkSignature: (entry) => verifyRevocation(entry, responder.publicKeys),
    backupDays: config.backupDays,
  });
  parts.push(
    http.part,
    logPart(log, context),
    storePart(store, context),
    records.part,
    createArchiver({
      ...{ log, store, context },
      revocationKeys: () => responder.publicKeys,
      ledger: ledgerSettingsOf(config, process.env),
    }),
    createEraserPart({ log, eraser: store.eraser, context, days: config }),
    detector,
    responder.part,
    interceptors.part,
    collector.part,
    people.part,
  );
  await http.app.register(
    operatorRoutes({ parts: () => parts, metrics: context.metrics, moreMetrics: detector.metrics }),
  );
  await http.app.register(logRoutes({ log, records, guards: createGuards(access) }));
  await http.app.register(people.routes);
  await http.app.register(collector.routes);
  await http.app.register(responder.routes);

  return {
    parts,
    announce: () => writeClientFile(data, http.url(), access),
    close: () => {
      access.close();
      lock.release();
    },
  };
}
