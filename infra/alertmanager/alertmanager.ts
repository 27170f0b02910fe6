import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** From Debian's package `prometheus-alertmanager`. */
export const ALERTMANAGER = process.env.TRIPLINE_ALERTMANAGER ?? "/usr/bin/prometheus-alertmanager";

const START_TIMEOUT_MS = 30_000; // 0.2 s alone; more while the machine compiles
const POLL_MS = 20;

export interface Alertmanager {
  readonly url: string;
  /** Ends it; what it knew of alerts is gone then, for it keeps none on disk. */
  stop(): Promise<void>;
}

export interface AlertmanagerOptions {
  port: number;
  /** An empty directory of its own. */
  directory: string;
  /** Where it posts what it tells, in groups that are told every second. */
  webhook: string;
  /** When an alert ends that names no end of its own; default 5 minutes, as Alertmanager's. */
  resolveTimeout?: string;
}

export function alertmanagerMissing(): string | null {
  return existsSync(ALERTMANAGER) ? null : `${ALERTMANAGER} does not exist (set TRIPLINE_ALERTMANAGER)`;
}

/** Starts a real Prometheus Alertmanager on 127.0.0.1. */
export async function startAlertmanager(options: AlertmanagerOptions): Promise<Alertmanager> {
  const { port, directory, webhook, resolveTimeout = "5m" } = options;
  const config = join(directory, "alertmanager.json"); // JSON is YAML
  const settings = {
    global: { resolve_timeout: resolveTimeout },
    route: {
      receiver: "all",
      group_by: ["alertname", "incident"],
      group_wait: "0s",
      group_interval: "1s",
      repeat_interval: "1h",
    },
    receivers: [{ name: "all", webhook_configs: [{ url: webhook, send_resolved: true }] }],
  };
  writeFileSync(config, JSON.stringify(settings));
  const arguments_ = [
    `--config.file=${config}`,
    `--storage.path=${join(directory, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--cluster.listen-address=",
    "--log.level=error",
  ];
  const child = spawn(ALERTMANAGER, arguments_, { stdio: ["ignore", "inherit", "inherit"] });
  const url = `http://127.0.0.1:${port}`;
  try {
    await ready(url, child);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return {
    url,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await exited;
    },
  };
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const answer = await fetch(`${url}/-/ready`).catch(() => null); // nobody listens yet
    if (answer?.ok === true) return;
    if (child.exitCode !== null) throw new Error(`Alertmanager ended with ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error("Alertmanager did not start in time");
    await delay(POLL_MS);
  }
}
