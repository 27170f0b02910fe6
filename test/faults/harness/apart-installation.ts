import { join } from "node:path";
import { openKafkaLog, triplineTopics } from "@tripline/stream";
import { waitFor } from "../../support/wait-for.ts";
import { type Installation, installationOf, mainOf, prepareData } from "./installation.ts";
import { type ServiceProcess, serviceProcess } from "./service-process.ts";

export interface ApartOptions {
  /** holds `data/`; the caller removes it */
  directory: string;
  /** the first of the services' ports: one each, in the order of their names below */
  port: number;
  /** host:port */
  broker: string;
  /** base URL of ClickHouse's interface */
  store: string;
  partitions?: number;
  /** How many of each share the partitions. Default 1. */
  detectors?: number;
  archivers?: number;
}

/** Each service a process of its own on Kafka, started: collector, responder, console, detector-1 …, archiver-1 … */
export async function startServicesApart(options: ApartOptions): Promise<Installation> {
  const { directory, broker, store, partitions = 3, detectors = 1, archivers = 1 } = options;
  const data = join(directory, "data");
  const access = await prepareData(data);
  const log = await openKafkaLog({ brokers: [broker] });
  await log.ensureTopics(triplineTopics(partitions));

  const services = new Map<string, ServiceProcess>();
  let port = options.port;
  function add(name: string, service: string, flags: readonly string[]): ServiceProcess {
    const made = serviceProcess({
      name,
      main: mainOf(service),
      port: port++,
      flags: ["--log", `kafka://${broker}`, "--partitions", String(partitions), ...flags],
      env: { TRIPLINE_LOG_LEVEL: service === "responder" ? "info" : "warn" },
    });
    services.set(name, made);
    return made;
  }
  // First of all: it makes the key that the others are told of.
  const responder = add("responder", "responder", ["--data", data]);
  await responder.start();
  const keys = ["--revocation-keys", await publicKeysOf(responder)];
  const collector = add("collector", "collector", ["--data", data, ...keys]);
  const console = add("console", "console", ["--data", data, "--store", store]);
  for (let n = 1; n <= detectors; n++) add(`detector-${n}`, "detector", []);
  for (let n = 1; n <= archivers; n++)
    add(`archiver-${n}`, "archiver", ["--data", data, "--store", store, ...keys]);
  const others = [...services.values()].filter((service) => service !== responder);
  await Promise.all(others.map((service) => service.start()));

  return installationOf({
    url: collector.url,
    consoleUrl: console.url,
    access,
    data,
    services,
    logIsOwned: false,
    withLog: (use) => use(log),
    dispose: () => log.close(),
  });
}

/** Out of the line with which it says that it is ready: it answers for its health a moment before. */
async function publicKeysOf(responder: ServiceProcess): Promise<string> {
  const line = await waitFor(() => wholeLines(responder.output()).find((line) => line.includes('"keys"')), {
    what: "the responder's line with its keys",
  });
  const { keys } = JSON.parse(line) as { keys: { id: string; public_key: string }[] };
  return keys.map(({ id, public_key }) => `${id}=${public_key}`).join(",");
}

/** Without the last one, which may still be on its way. */
function wholeLines(output: string): string[] {
  return output.split("\n").slice(0, -1);
}
