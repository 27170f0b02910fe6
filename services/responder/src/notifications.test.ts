import { webhookHeaders, webhookSecret } from "@tripline/response";
import { afterEach, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { anAlert, Bench, Receiver, SECRET } from "./testing/bench.ts";

const PORT = 20720;
const receiver = new Receiver(20721);
const second = new Receiver(20722);

function hook(to: Receiver, more = ""): string {
  return `  - {name: hook-${to === receiver ? "a" : "b"}, url: "${to.url}", secret_env: HOOK${more}}\n`;
}
const RULES = "automatic_revocation: {rules: {send: {enabled: true}}}\n";

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.create(PORT, `webhooks:\n${hook(receiver)}${RULES}`);
});
afterEach(async () => {
  await bench.remove();
  for (const each of [receiver, second]) {
    await each.stop();
    each.deliveries.length = 0;
    each.status = 204;
  }
});

function idsAt(each: Receiver): unknown[] {
  return each.deliveries.map(({ headers }) => headers["webhook-id"]);
}

test("a webhook hears of the alert and of what was done, signed", async () => {
  await receiver.start();
  await bench.start();
  const alert = anAlert();
  await bench.alert(alert);
  const decisions = await bench.decided(alert, 2);
  expect(decisions).toMatchObject([
    { kind: "revoked" },
    { kind: "notified", reason: "webhook hook-a", by: "policy" },
  ]);
  const [delivery] = receiver.deliveries;
  const timestamp = Number(delivery?.headers["webhook-timestamp"]);
  expect(delivery?.headers).toMatchObject(
    webhookHeaders(`alert_${alert.id}`, timestamp, delivery?.body ?? "", webhookSecret(SECRET, "a test")),
  );
  expect(delivery?.data).toMatchObject({
    id: alert.id,
    done: "The credential local:demo is refused by every interceptor until it is reinstated.",
    response: { kind: "revoked", revocation_id: alert.id },
  });
});

test("a receiver that is down: the revocation does not wait, and once it is up it is told once, under the same id", async () => {
  await bench.start();
  const [first, next] = [anAlert(), anAlert()];
  await bench.alert(first, next);
  await bench.decided(first);
  await bench.decided(next);
  expect(bench.revocations).toHaveLength(2);
  await waitFor(() => bench.responder.part.health().state === "degraded");
  expect(bench.responder.part.health().detail).toContain(
    "hook-a: the receiver was not reached (ECONNREFUSED)",
  );
  await receiver.start();
  await bench.decided(next, 2);
  expect(idsAt(receiver)).toEqual([`alert_${first.id}`, `alert_${next.id}`]);
  await waitFor(() => bench.responder.part.health().state === "ready");
});

test("a receiver that is busy is asked again under the same id", async () => {
  receiver.status = 503;
  await receiver.start();
  await bench.start();
  const alert = anAlert();
  await bench.alert(alert);
  await waitFor(() => receiver.deliveries.length === 1);
  receiver.status = 200;
  await bench.decided(alert, 2);
  expect(idsAt(receiver)).toEqual([`alert_${alert.id}`, `alert_${alert.id}`]);
});

test("stopped while the receiver was down: told after the restart, with what holds then", async () => {
  await bench.start();
  const alert = anAlert();
  await bench.alert(alert);
  await bench.decided(alert);
  const path = `/api/revocations/${alert.id}/reinstate`;
  await bench.call({ roles: ["respond"] }, "POST", path, { reason: "a false alarm" });
  await waitFor(() => bench.responder.part.health().state === "degraded");
  await bench.stop();
  await receiver.start();
  await bench.start();
  const decisions = await bench.decided(alert, 3);
  expect(decisions.map(({ kind }) => kind)).toEqual(["revoked", "reinstated", "notified"]);
  expect(receiver.deliveries.map(({ data }) => data.done)).toEqual([
    "The credential local:demo was refused and has been reinstated since.",
  ]);
});

test("told once, also when the alert comes twice or the responder starts again", async () => {
  await receiver.start();
  await bench.start();
  const [alert, last] = [anAlert(), anAlert()];
  await bench.alert(alert, alert);
  await bench.decided(alert, 2);
  await bench.stop();
  await bench.start();
  await bench.alert(alert, last);
  await bench.decided(last, 2);
  expect(idsAt(receiver)).toEqual([`alert_${alert.id}`, `alert_${last.id}`]);
});

test("a receiver that refuses is not asked again, and the record says so", async () => {
  receiver.status = 410;
  await receiver.start();
  await bench.start();
  const alert = anAlert();
  await bench.alert(alert);
  const [, failed] = await bench.decided(alert, 2);
  expect(failed).toMatchObject({
    kind: "notify_failed",
    reason: "webhook hook-a: the receiver answered 410",
  });
  expect(receiver.deliveries).toHaveLength(1);
});

test("a webhook hears only of its tenants and severities; one that is down holds up no other", async () => {
  await bench.configure(
    `webhooks:\n${hook(receiver)}${hook(second, ", min_severity: critical, tenants: [acme]")}${RULES}`,
  );
  await second.start();
  await bench.start();
  const alerts = [
    anAlert({ severity: "high" }),
    anAlert({ severity: "critical", tenant: "other" }),
    anAlert({ severity: "critical" }),
  ];
  await bench.alert(...alerts);
  await waitFor(() => second.deliveries.length === 1);
  expect(idsAt(second)).toEqual([`alert_${alerts[2]?.id}`]);
  expect(receiver.deliveries).toEqual([]);
});

test("settings take effect while it runs: an address corrected, a webhook added, one removed", async () => {
  await second.start();
  await bench.start();
  const alert = anAlert();
  await bench.alert(alert);
  await waitFor(() => bench.responder.part.health().state === "degraded");
  await bench.configure(`webhooks:\n${hook(receiver).replace(receiver.url, second.url)}${RULES}`);
  await bench.decided(alert, 2);
  expect(idsAt(second)).toEqual([`alert_${alert.id}`]);

  // The new one hears of what is still warm, so of the first alert too.
  await bench.configure(`webhooks:\n${hook(second)}${RULES}`);
  await bench.decided(alert, 3);
  expect(idsAt(second)).toEqual([`alert_${alert.id}`, `alert_${alert.id}`]);
  const last = anAlert();
  await bench.alert(last);
  expect(await bench.decided(last, 2)).toMatchObject([{ kind: "revoked" }, { reason: "webhook hook-b" }]);
});

test("an alert that waited for a day is given up, on record", async () => {
  await bench.start();
  const alert = anAlert();
  await bench.alert(alert);
  await bench.decided(alert);
  await waitFor(() => bench.responder.part.health().state === "degraded");
  bench.clock = () => Date.now() + 25 * 3600_000;
  const [, failed] = await bench.decided(alert, 2);
  expect(failed).toMatchObject({ kind: "notify_failed", reason: "webhook hook-a: not reached within a day" });
});

test("a notification that its receiver can't digest is given up after a while, and the next one gets its turn", async () => {
  receiver.status = 500;
  await receiver.start();
  await bench.start();
  const [poison, next] = [anAlert(), anAlert()];
  await bench.alert(poison, next);
  await waitFor(() => receiver.deliveries.length === 1);
  bench.clock = () => Date.now() + 6 * 60_000;
  const [, failed] = await bench.decided(poison, 2);
  expect(failed).toMatchObject({
    kind: "notify_failed",
    reason: "webhook hook-a: the receiver answered 500",
  });
  receiver.status = 200;
  expect(await bench.decided(next, 2)).toMatchObject([{ kind: "revoked" }, { kind: "notified" }]);
});
