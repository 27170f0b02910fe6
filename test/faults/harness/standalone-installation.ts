import { join } from "node:path";
import { openEmbeddedLog, openKafkaLog } from "@tripline/stream";
import { type Installation, installationOf, mainOf, prepareData, serviceProcess } from "./installation.ts";

export const STANDALONE = "standalone";

export interface StandaloneInstallationOptions {
  /** holds `data/`; the caller removes it */
  directory: string;
  port: number;
  /** where interceptors send to, if not to the service itself: a proxy that a test breaks */
  url?: string;
  /** host:port of a broker; without one the embedded log */
  broker?: string;
  /** how the broker is reached by the test itself, if not as by the service */
  brokerOfTest?: string;
  /** base URL of ClickHouse's interface; without one the embedded store */
  store?: string;
  env?: Readonly<Record<string, string>>;
}

/** All services in one process, started. */
export async function startStandaloneInstallation(
  options: StandaloneInstallationOptions,
): Promise<Installation> {
  const { directory, port, broker, store } = options;
  const data = join(directory, "data");
  const access = await prepareData(data);
  const service = serviceProcess({
    name: STANDALONE,
    main: mainOf("standalone"),
    port,
    flags: [
      "--data",
      data,
      ...(broker === undefined ? [] : ["--log", `kafka://${broker}`, "--kafka-create-topics"]),
      ...(store === undefined ? [] : ["--store", store]),
    ],
    env: options.env ?? {},
  });
  await service.start();
  return installationOf({
    url: options.url ?? service.url,
    consoleUrl: service.url,
    access,
    data,
    services: new Map([[STANDALONE, service]]),
    logIsOwned: broker === undefined,
    async withLog(use) {
      if (broker === undefined) await service.stop();
      const log =
        broker === undefined
          ? openEmbeddedLog({ directory: join(data, "log"), expireEveryMs: 0 })
          : await openKafkaLog({ brokers: [options.brokerOfTest ?? broker] });
      try {
        return await use(log);
      } finally {
        await log.close();
      }
    },
  });
}
