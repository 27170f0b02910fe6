import { createHttpProxy } from "@tripline/interceptor/http-proxy";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RecordingInterceptor } from "../../packages/interceptor/src/http-proxy/testing/recording-interceptor.ts";
import { type Comparison, compareResults } from "./compare.ts";
import { startServer2025 } from "./reference/server-2025.ts";
import { startServer2026 } from "./reference/server-2026.ts";
import type { ReferenceServer } from "./reference/start-http.ts";
import { runSuite } from "./suite.ts";

const TIMEOUT_MS = 170_000;

const RUNS = [
  { suite: "stable", revision: "2025-11-25", start: startServer2025, options: ["--suite", "all"] },
  {
    suite: "next",
    revision: "2025-11-25",
    start: startServer2025,
    options: ["--suite", "all", "--spec-version", "2025-11-25"],
  },
  {
    suite: "next",
    revision: "2026-07-28",
    start: startServer2026,
    options: ["--suite", "all", "--spec-version", "2026-07-28"],
  },
] as const;

describe.each(RUNS)("conformance suite $suite, $revision", ({ suite, revision, start, options }) => {
  let server: ReferenceServer;
  let comparison: Comparison;
  const interceptor = new RecordingInterceptor();

  beforeAll(async () => {
    server = await start();
    const proxy = createHttpProxy({
      listen: { port: 0 },
      upstream: server.url,
      server: "reference",
      interceptor,
    });
    await proxy.start();
    try {
      const direct = await runSuite(suite, server.url, options);
      const proxied = await runSuite(suite, proxy.url, options);
      comparison = compareResults(direct, proxied);
    } finally {
      await proxy.stop();
    }
    const { scenarios, statuses } = comparison;
    console.log(`${suite} ${revision}: ${scenarios} scenarios, checks ${JSON.stringify(statuses)}`);
  }, TIMEOUT_MS);
  afterAll(() => server.close());

  it("gives every check the same status through the proxy as direct", () => {
    expect(comparison.differences).toEqual([]);
    expect(comparison.scenarios).toBeGreaterThanOrEqual(25);
    expect(comparison.statuses.SUCCESS ?? 0).toBeGreaterThan(comparison.statuses.FAILURE ?? 0);
  });

  it("records every tool call of the suite with an end", () => {
    expect(interceptor.calls.length).toBeGreaterThan(5);
    expect(interceptor.outcomes).not.toContain("open");
    expect(interceptor.outcomes).toContain("ok");
    expect(interceptor.listings.length).toBeGreaterThan(0);
  });
});
