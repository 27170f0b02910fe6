import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Incident, sha256Hex } from "@tripline/events";
import {
  createEgress,
  httpThrough,
  type Notifier,
  notificationOf,
  openNotifier,
  secretsFrom,
} from "@tripline/response";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Alertmanager, startAlertmanager } from "../infra/alertmanager/alertmanager.ts";
import { requirement } from "./support/requirements.ts";
import { waitFor } from "./support/wait-for.ts";

const PORT = 21360;
const HOOK_PORT = 21361;
const signal = new AbortController().signal;

const texts = z.record(z.string(), z.string());
const toldSchema = z.array(z.object({ status: z.unknown(), labels: texts, annotations: texts }));
type Told = z.infer<typeof toldSchema>[number];

const { missing, reason } = requirement("alertmanager");

describe.skipIf(missing)(`a real Prometheus Alertmanager ${reason}`, () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-alertmanager-"));
  const told: Told[] = [];
  let hook: Server;
  let alertmanager: Alertmanager;
  let notifier: Notifier;
  /** How far the notifier's clock is ahead, ms. */
  let ahead = 0;

  const start = () =>
    startAlertmanager({
      port: PORT,
      directory,
      webhook: `http://127.0.0.1:${HOOK_PORT}/`,
      resolveTimeout: "1s",
    });
  beforeAll(async () => {
    hook = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += String(chunk);
      });
      request.on("end", () => {
        told.push(...toldSchema.parse(JSON.parse(body).alerts));
        response.end();
      });
    });
    await new Promise<void>((resolve) => hook.listen(HOOK_PORT, "127.0.0.1", resolve));
    alertmanager = await start();
    const egress = createEgress({ allowInternal: ["127.0.0.1"] });
    const deps = {
      http: httpThrough(egress),
      egress,
      secret: secretsFrom({}),
      now: () => Date.now() + ahead,
    };
    notifier = openNotifier({ type: "alertmanager", name: "am", url: alertmanager.url, labels: {} }, deps);
  }, 60_000);
  afterAll(async () => {
    await alertmanager?.stop();
    hook?.closeAllConnections();
    await new Promise((resolve) => hook.close(resolve));
    rmSync(directory, { recursive: true });
  });

  function incident(
    id: number,
    kind: NonNullable<Incident["notice"]>["kind"],
    changes: Partial<Incident> = {},
  ) {
    const now = new Date().toISOString();
    const hex = sha256Hex.parse(id.toString(16).padStart(64, "0"));
    const state = kind === "resolved" ? "resolved" : "open";
    const alert = {
      ...{
        v: 1 as const,
        id: hex,
        tenant: "acme",
        rule: { id: "send", title: "A secret was sent" },
        severity: "high" as const,
      },
      ...{
        time: now,
        group: "credential=local:a",
        summary: 'it says "<b>&\n{{ . }}" and ü',
        why: "w",
        next: [],
        evidence: [],
      },
      ...{ target: { server: "mail" }, response: { revocable: true } },
    };
    const whole: Incident = {
      ...{
        v: 1,
        id: hex,
        version: 1,
        tenant: "acme",
        rule: alert.rule,
        subject: "credential=local:a",
        severity: "high",
        state,
      },
      ...{ opened_at: now, last_alert_at: now, updated_at: now, alerts: 1, alert_ids: [hex], alert },
      ...{
        done: { kind: "none", reason: "off" },
        escalation: 0,
        history: [],
        notice: { kind, number: 1 },
        ...changes,
      },
    };
    const notification = notificationOf(whole, "https://tripline.example.com");
    if (notification === undefined) throw new TypeError("it has a notice");
    return notification;
  }
  async function active(): Promise<Told[]> {
    return toldSchema.parse(await (await fetch(`${alertmanager.url}/api/v2/alerts?active=true`)).json());
  }
  const of = (alerts: readonly Told[], { incident: { id } }: { incident: Incident }) =>
    alerts.filter(({ labels }) => labels.incident === id);

  test("an incident fires, says all of it, and ends with words of its own", async () => {
    expect(await notifier.notify(incident(1, "opened"), signal)).toEqual({ kind: "delivered" });
    await waitFor(() => of(told, incident(1, "opened")).length === 1, { what: "it to be told" });
    expect(of(told, incident(1, "opened"))[0]).toMatchObject({
      status: "firing",
      labels: { alertname: "send", severity: "high", tenant: "acme" },
      annotations: { description: expect.stringContaining('it says "<b>&'), state: "open" },
    });
    await notifier.notify(incident(1, "resolved"), signal);
    await waitFor(() => of(told, incident(1, "opened")).some(({ status }) => status === "resolved"));
    expect(of(told, incident(1, "opened")).at(-1)?.annotations.state).toBe("resolved");
    expect(of(await active(), incident(1, "opened"))).toEqual([]);
  });

  test("one that became graver is one alert", async () => {
    await notifier.notify(incident(2, "opened", { severity: "medium" }), signal);
    await notifier.notify(incident(2, "grew", { severity: "critical" }), signal);
    const now = of(await active(), incident(2, "opened"));
    expect(now.map(({ labels }) => labels.severity)).toEqual(["critical"]);
  });

  test("what is open does not resolve itself, and is there again after Alertmanager forgot it", async () => {
    const open = incident(3, "opened");
    await notifier.notify(open, signal);
    // Alertmanager's own timeout of one second is over by then: it must not count.
    await waitFor(async () => Date.now() - Date.parse(open.incident.opened_at) > 1500);
    expect(of(await active(), open)).toHaveLength(1);
    await alertmanager.stop();
    alertmanager = await start();
    expect(of(await active(), open)).toEqual([]);
    expect(await notifier.reminder?.tell([open], signal)).toEqual({ kind: "delivered" });
    await waitFor(async () => of(await active(), open).length === 1);
  });

  test("clocks that differ are no reason to refuse", async () => {
    ahead = -3600_000;
    expect(await notifier.notify(incident(4, "resolved"), signal)).toEqual({ kind: "delivered" });
    ahead = 0;
  });
});
