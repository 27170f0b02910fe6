import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { createLogger } from "./logging.ts";
import type { Part, PartHealth } from "./part.ts";
import { type ProcessHost, runParts } from "./run-parts.ts";

const logger = createLogger({ service: "test", level: "silent" });

class FakeHost extends EventEmitter implements ProcessHost {
  exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

function world(count = 3) {
  const log: string[] = [];
  const host = new FakeHost();
  const parts = Array.from({ length: count }, (_, i) => {
    const name = "abc"[i] ?? "z";
    let health: PartHealth = { state: "ready" };
    return {
      name,
      start: async () => void log.push(`+${name}`),
      stop: async () => void log.push(`-${name}`),
      health: () => health,
      fail: () => {
        health = { state: "failed", detail: "broken" };
      },
    } satisfies Part & { fail(): void };
  });
  const [a, b, c] = parts;
  if (a === undefined || b === undefined || c === undefined) throw new Error("three parts are needed");
  return { log, host, a, b, c, parts };
}

describe("runParts", () => {
  it.each(["SIGINT", "SIGTERM"])(
    "starts in order and stops in reverse order on %s, with exit code 0",
    async (signal) => {
      const { log, host, parts } = world();
      const code = runParts(parts, { logger, host, onReady: () => log.push("ready") });
      await waitFor(() => log.includes("ready"));
      host.emit(signal, signal);
      expect(await code).toBe(0);
      expect(log).toEqual(["+a", "+b", "+c", "ready", "-c", "-b", "-a"]);
      expect(host.eventNames()).toEqual([]);
    },
  );

  it("stops what has begun to start when a part can't, with exit code 1", async () => {
    const { log, host, parts, b } = world();
    b.start = () => Promise.reject(new Error("no port"));
    expect(await runParts(parts, { logger, host, onReady: () => log.push("ready") })).toBe(1);
    expect(log).toEqual(["+a", "-b", "-a"]);
  });

  it("does not wait for a part that hangs while starting", async () => {
    const { log, host, parts, b } = world();
    b.start = () => new Promise(() => log.push("hangs"));
    const code = runParts(parts, { logger, host });
    await waitFor(() => log.includes("hangs"));
    host.emit("SIGTERM", "SIGTERM");
    expect(await code).toBe(0);
    expect(log).toEqual(["+a", "hangs", "-b", "-a"]);
  });

  it("stops with exit code 1 when a part fails later", async () => {
    const { log, host, parts, c } = world();
    const code = runParts(parts, { logger, host, onReady: () => c.fail() });
    expect(await code).toBe(1);
    expect(log.slice(-3)).toEqual(["-c", "-b", "-a"]);
  });

  it.each(["uncaughtException", "unhandledRejection"])("stops with exit code 1 on %s", async (event) => {
    const { log, host, parts } = world();
    const code = runParts(parts, { logger, host, onReady: () => host.emit(event, new Error("lost")) });
    expect(await code).toBe(1);
    expect(log.slice(-3)).toEqual(["-c", "-b", "-a"]);
  });

  it("leaves a part behind that does not stop in time, and says so with exit code 1", async () => {
    const { log, host, parts, b } = world();
    b.stop = () => new Promise(() => undefined);
    const code = runParts(parts, {
      logger,
      host,
      stopTimeoutMs: 50,
      onReady: () => host.emit("SIGTERM", "SIGTERM"),
    });
    expect(await code).toBe(1);
    expect(log.slice(-2)).toEqual(["-c", "-a"]);
  });

  it("ends at once on a second signal", async () => {
    const { host, parts, c } = world();
    c.stop = async () => {
      host.emit("SIGINT", "SIGINT");
    };
    await runParts(parts, { logger, host, onReady: () => host.emit("SIGINT", "SIGINT") });
    expect(host.exits).toEqual([130]);
  });
});
