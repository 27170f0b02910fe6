import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AccessRegistry, createContext } from "@tripline/service";
import type { Log } from "@tripline/stream";
import { type ServiceProcess, serviceProcess } from "./service-process.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;
export const TENANT = "acme";
/** Which chains take a key away: all that the callers' thieves do. */
export const RULE = "secret-read-then-sent";

/** An installation of Tripline as processes, and what a test needs to use and to break it. */
export interface Installation {
  /** Where interceptors send to; the same for as long as the installation lasts. */
  readonly url: string;
  /** What can be killed, by name; killing and starting is up to the test. */
  readonly services: ReadonlyMap<string, ServiceProcess>;
  /** The directory of the ledger. */
  readonly ledger: string;
  /** Asks the console, as a person with every right. */
  json<T>(path: string): Promise<T>;
  /** `json` without the judgement. */
  request(path: string): Promise<Response>;
  /** Enrols a producer that may speak for `local:` and holds these credentials itself. @returns its key */
  enrol(producer: string, credentials: readonly string[]): Promise<string>;
  /** Hands the log to `use`; an embedded one can be read only while the service that owns it is stopped. */
  withLog<T>(use: (log: Log) => Promise<T>): Promise<T>;
  /** Whether `withLog` stops the services that run. */
  readonly logIsOwned: boolean;
  /** kill -9 of what still runs. The directory is the caller's. */
  dispose(): Promise<void>;
}

export interface Access {
  token: string;
  registry: AccessRegistry;
}

/** A data directory with a person who may do everything, and automatic revocation for the rule of the chains. */
export async function prepareData(data: string): Promise<Access> {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const limit = "limit: { keys: 1000, minutes: 10 }"; // an hour of the soak has more thieves than the most keys that may be named
  const rules = `rules:\n    ${RULE}: { enabled: true }`;
  writeFileSync(join(data, "response.yaml"), `automatic_revocation:\n  ${limit}\n  ${rules}\n`, {
    mode: 0o600,
  });
  const { logger, now } = createContext({ service: "faults", logLevel: "silent" });
  const registry = await AccessRegistry.open({ path: join(data, "access.json"), logger, now });
  const { token } = await registry.createPerson({
    id: "tester",
    tenant: TENANT,
    roles: ["read", "read_payload", "respond", "administer"],
  });
  return { token, registry };
}

/** What all installations share, around their services and their log. */
export function installationOf(options: {
  url: string;
  consoleUrl: string;
  access: Access;
  /** The data directory. */
  data: string;
  services: ReadonlyMap<string, ServiceProcess>;
  logIsOwned: boolean;
  withLog: Installation["withLog"];
  dispose?: () => Promise<void>;
}): Installation {
  const { access, consoleUrl, services } = options;
  const request = (path: string): Promise<Response> =>
    fetch(`${consoleUrl}${path}`, { headers: { authorization: `Bearer ${access.token}` } });
  return {
    url: options.url,
    services,
    ledger: join(options.data, "ledger"),
    logIsOwned: options.logIsOwned,
    withLog: options.withLog,
    request,
    async json<T>(path: string) {
      const response = await request(path);
      const text = await response.text();
      if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${text}`);
      return JSON.parse(text) as T;
    },
    async enrol(id, credentials) {
      const made = await access.registry.createProducer(
        { id, tenant: TENANT, issuers: ["local"], credentials, quota: 100_000 },
        { replace: true },
      );
      return made.token;
    },
    async dispose() {
      access.registry.close();
      await Promise.all([...services.values()].map((service) => service.kill()));
      await options.dispose?.();
    },
  };
}

export function mainOf(service: string): string {
  return join(ROOT, "services", service, "src/main.ts");
}

export { serviceProcess };
