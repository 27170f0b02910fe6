import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { fetchOnce } from "../fetch-once.ts";
import { type Running, startServer } from "../process.ts";

const INSTALL_TIMEOUT_MS = 600_000; // 245 MB; half a minute on a good line
const START_TIMEOUT_MS = 180_000; // 7 s alone

export interface ContextForge extends Running {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Of the platform's administrator. */
  readonly admin: { email: string; password: string };
}

/** Starts an IBM ContextForge gateway on 127.0.0.1:`port`, one process with its data in `dir`, that may reach servers of this machine. */
export async function startContextForge({ port, dir }: { port: number; dir: string }): Promise<ContextForge> {
  const environment = await installed();
  mkdirSync(dir, { recursive: true });
  const url = `http://127.0.0.1:${port}`;
  const admin = { email: "admin@example.com", password: randomBytes(12).toString("base64url") };
  const running = await startServer({
    command: join(environment, "bin/python"),
    args: ["-c", "from mcpgateway.cli import main; main()", "--host", "127.0.0.1", "--port", String(port)],
    cwd: dir, // it reads a file .env where it is started
    env: {
      PATH: process.env.PATH,
      HOME: dir,
      DATABASE_URL: `sqlite:///${join(dir, "mcp.db")}`,
      CACHE_TYPE: "memory",
      ENVIRONMENT: "development",
      LOG_LEVEL: "ERROR",
      JWT_SECRET_KEY: randomBytes(32).toString("hex"),
      AUTH_ENCRYPTION_SECRET: randomBytes(32).toString("hex"),
      PLATFORM_ADMIN_EMAIL: admin.email,
      PLATFORM_ADMIN_PASSWORD: admin.password,
      ADMIN_REQUIRE_PASSWORD_CHANGE_ON_BOOTSTRAP: "false",
      SSRF_ALLOW_LOCALHOST: "true",
      SSRF_ALLOW_PRIVATE_NETWORKS: "true",
      MCPGATEWAY_UI_ENABLED: "false",
      MCPGATEWAY_ADMIN_API_ENABLED: "false",
      RATE_LIMITING_ENABLED: "false",
    },
    output: join(dir, "contextforge.out"),
    url: `${url}/health`,
    timeoutMs: START_TIMEOUT_MS,
  });
  return { ...running, url, admin };
}

/** ContextForge from PyPI in a virtual environment of its own, installed once. */
function installed(): Promise<string> {
  const here = import.meta.dirname;
  return fetchOnce(join(here, "venv"), "env", INSTALL_TIMEOUT_MS, async (fresh) => {
    const run = promisify(execFile);
    await run("python3", ["-m", "venv", fresh]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    // Run as modules only: the environment is moved to its place when it is whole.
    await run(join(fresh, "bin/python"), [...pip, "-r", join(here, "requirements.txt")], {
      timeout: INSTALL_TIMEOUT_MS,
    });
  });
}
