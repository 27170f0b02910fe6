import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { fetchOnce } from "../fetch-once.ts";
import { type Running, startServer } from "../process.ts";

const VERSION = "26.4.0";
const DOWNLOAD_TIMEOUT_MS = 600_000; // 160 MB
const START_TIMEOUT_MS = 300_000; // 30 s alone, of which most is spent on putting itself together; more while the machine works

export interface Keycloak extends Running {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly admin: { username: string; password: string };
}

/** Starts a Keycloak on 127.0.0.1:`port` that keeps everything in memory; its output goes to `dir`. */
export async function startKeycloak({ port, dir }: { port: number; dir: string }): Promise<Keycloak> {
  const home = join(await distribution(), `keycloak-${VERSION}`);
  const admin = { username: "admin", password: "admin" };
  mkdirSync(dir, { recursive: true });
  const running = await startServer({
    command: join(home, "bin/kc.sh"),
    args: [
      "start-dev",
      "--db=dev-mem",
      "--cache=local",
      "--http-host=127.0.0.1",
      `--http-port=${port}`,
      "--health-enabled=false",
      "--metrics-enabled=false",
      "--features-disabled=account,admin,device-flow,par,ciba,kerberos,organization,impersonation",
      "--log-level=warn",
    ],
    env: {
      ...process.env,
      KC_BOOTSTRAP_ADMIN_USERNAME: admin.username,
      KC_BOOTSTRAP_ADMIN_PASSWORD: admin.password,
      // Compiled once and lightly: it lives for a minute.
      JAVA_OPTS_KC_HEAP: "-Xms128m -Xmx512m",
      JAVA_OPTS_APPEND: "-XX:TieredStopAtLevel=1 -Djava.net.preferIPv4Stack=true",
    },
    output: join(dir, "keycloak.out"),
    url: `http://127.0.0.1:${port}/realms/master`,
    timeoutMs: START_TIMEOUT_MS,
  });
  return { ...running, url: `http://127.0.0.1:${port}`, admin };
}

/** Keycloak from Maven Central, fetched once. */
function distribution(): Promise<string> {
  const here = import.meta.dirname;
  return fetchOnce(join(here, "dist"), VERSION, DOWNLOAD_TIMEOUT_MS, async (fresh) => {
    const goal = [
      "-q",
      "-B",
      "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack",
      `-Dartifact=org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`,
      `-DoutputDirectory=${fresh}`,
      `-DmarkersDirectory=${fresh}`, // or it would hold what is gone for unpacked
    ];
    await promisify(execFile)("mvn", goal, { cwd: here, timeout: DOWNLOAD_TIMEOUT_MS });
  });
}
