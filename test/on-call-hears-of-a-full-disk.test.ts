import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWebhookReceiver, type WebhookReceiver } from "../packages/cli/src/demo/webhook-receiver.ts";
import { recordLine } from "./support/record-line.ts";
import { mountSmallDisk } from "./support/small-disk.ts";
import { type Standalone, startStandalone } from "./support/standalone.ts";
import { storedRecords } from "./support/stored-records.ts";
import { waitFor } from "./support/wait-for.ts";

const DISK_MIB = 400;
const RESERVE_MIB = 128;
const LEFT_MIB = 90; // below the reserve, and enough for what has to go on
const NOTICED_MS = 30_000;

const disk = mountSmallDisk(DISK_MIB);
if (disk === null && process.env.TRIPLINE_REQUIRE_ALL === "1")
  throw new Error("a small disk is required here, and this process may not mount one");
if (disk === null) console.warn("skipping the full disk: this process may not mount one");

describe.skipIf(disk === null)("on-call hears of a full disk", () => {
  const data = join(disk?.path ?? "", "data");
  const told: string[] = [];
  let receiver: WebhookReceiver;
  let service: Standalone;

  const start = () => startStandalone({ data, flags: ["--log-reserve", String(RESERVE_MIB)] });
  const send = (line: string) =>
    fetch(`${service.url}/v1/records`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${service.client.ingest_key}`,
        "content-type": "application/x-ndjson",
      },
      body: `${line}\n`,
    });
  const logHealth = async () => {
    const health = (await (await service.request("/health")).json()) as {
      parts: Record<string, { state: string; detail?: string }>;
    };
    return health.parts.log;
  };

  beforeAll(async () => {
    receiver = await startWebhookReceiver(({ summary }) => told.push(summary));
    mkdirSync(join(data, "keys"), { recursive: true, mode: 0o700 });
    writeFileSync(join(data, "hook-secret"), `${receiver.secret}\n`, { mode: 0o600 });
    writeFileSync(
      join(data, "response.yaml"),
      `notifiers:\n  - name: on-call\n    type: webhook\n    url: ${receiver.url}\n    secret: {file: ${join(data, "hook-secret")}}\nroutes:\n  - match: {min_severity: high}\n    notify: [on-call]\negress: {allow_internal: [127.0.0.1]}\n`,
      { mode: 0o600 },
    );
    service = await start();
  }, 60_000);

  afterAll(async () => {
    await service?.dispose();
    await receiver?.close();
    disk?.remove();
    rmSync(data, { recursive: true, force: true });
  });

  it("through the disk's reserve, once, while producers have to wait; and all goes on by itself", {
    timeout: 120_000,
  }, async () => {
    const records = Array.from({ length: 3 }, () => recordLine({ tenant: "local", producer: "local" }));
    const [first, second, third] = records;
    expect((await send(first?.line ?? "")).status).toBe(200);

    disk?.leave(LEFT_MIB);
    await waitFor(() => told.length > 0, { what: "the alert at on-call", timeoutMs: NOTICED_MS });
    expect(told[0]).toContain(`of the ${RESERVE_MIB} MiB that are kept in reserve: producers are refused`);
    const refused = await send(second?.line ?? "");
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await refused.json()).toMatchObject({ error: { code: "TRIPLINE_STREAM_FULL" } });
    expect(await logHealth()).toMatchObject({
      state: "degraded",
      detail: expect.stringContaining("make room"),
    });
    expect(await service.metrics("tripline_log_full")).toEqual({ tripline_log_full: 1 });
    expect((await service.request("/api/calls?limit=1")).status).toBe(200); // people can look

    await service.stop("SIGKILL");
    service = await start();
    await waitFor(async () => (await service.metrics("tripline_log_full")).tripline_log_full === 1, {
      what: "the restarted service to know",
      timeoutMs: NOTICED_MS,
    });

    disk?.clear();
    await waitFor(async () => (await send(second?.line ?? "")).status === 200, {
      what: "records to be taken again",
      timeoutMs: NOTICED_MS,
    });
    expect((await send(third?.line ?? "")).status).toBe(200);
    await waitFor(async () => (await logHealth())?.state === "ready", {
      what: "health",
      timeoutMs: NOTICED_MS,
    });
    const stored = await waitFor(
      async () => {
        const rows = await storedRecords(service, "producer=local&type=call");
        return rows.length >= records.length ? rows : null;
      },
      { what: "all records", timeoutMs: NOTICED_MS },
    );
    expect(stored.map(({ id }) => id).sort()).toEqual(records.map(({ id }) => id).sort());
    const { alerts } = await service.json<{ alerts: unknown[] }>("/api/alerts?rule=log-full");
    expect(alerts).toHaveLength(1);
    expect(told).toHaveLength(1);
  });
});
