import { createMemoryLog } from "@tripline/stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { Issuer } from "./testing/issuer.ts";
import { UpstreamBench } from "./testing/upstream-bench.ts";

const [vault, slow] = [new Issuer(20776), new Issuer(20777)];
const YAML = `revokers:\n${vault.yaml("vault")}${slow.yaml("slow")}`;
const kinds = (decisions: readonly { kind: string }[]) => decisions.map(({ kind }) => kind);

let bench: UpstreamBench;
beforeEach(async () => {
  for (const issuer of [vault, slow]) {
    issuer.disabled.clear();
    issuer.requests.length = 0;
    issuer.lies = false;
    issuer.status = undefined;
    issuer.holds = "nothing";
    await issuer.start();
  }
  bench = await UpstreamBench.create();
  bench.yaml = YAML;
});
afterEach(async () => {
  await bench.remove();
  await vault.stop();
  await slow.stop();
});

test("what is taken away is revoked at its issuer, and asked for until it is refused", async () => {
  await bench.start();
  const entry = await bench.revoke("key:vault/ci-bot");
  const decisions = await bench.decided(entry, "upstream_verified");
  expect(kinds(decisions)).toEqual(["upstream_acknowledged", "upstream_verified"]);
  expect(decisions[0]).toMatchObject({ via: "vault", subject: "key:vault/ci-bot", by: "policy" });
  expect(vault.requests).toEqual(["PUT ci-bot", "GET ci-bot"]);
  expect(bench.alerts).toEqual([]);
});

test("reinstating undoes it at the issuer, and no replay revokes it again", async () => {
  await bench.start();
  const entry = await bench.revoke("key:vault/a");
  await bench.decided(entry, "upstream_verified");
  await bench.reinstate(entry);
  await bench.decided(entry, "upstream_reinstated");
  expect(vault.disabled.has("a")).toBe(false);
  const { length } = vault.requests;
  await bench.stop();
  await bench.start();
  const later = await bench.revoke("key:vault/b");
  await bench.decided(later, "upstream_verified");
  expect(vault.requests.slice(length)).toEqual(["PUT b", "GET b"]);
});

test("reinstated while the responder was away: it is lifted when it is back", async () => {
  await bench.start();
  const entry = await bench.revoke("key:vault/a");
  await bench.decided(entry, "upstream_verified");
  await bench.reinstate(entry);
  await bench.stop(); // at once: it may or may not have been lifted
  await bench.start();
  await bench.decided(entry, "upstream_reinstated");
  expect(vault.disabled.has("a")).toBe(false);
});

test("reinstating lifts its own entry only; the last one lifts it at the issuer", async () => {
  await bench.start();
  const [first, second] = [await bench.revoke("key:vault/a"), await bench.revoke("key:vault/a")];
  await bench.decided(first, "upstream_verified");
  await bench.decided(second, "upstream_verified");
  await bench.reinstate(first);
  const [withheld] = (await bench.decided(first, "withheld")).slice(-1);
  expect(withheld?.reason).toContain(second.id);
  expect(vault.disabled.has("a")).toBe(true);
  await bench.reinstate(second);
  await bench.decided(second, "upstream_reinstated");
  expect(vault.disabled.has("a")).toBe(false);
});

test("what the issuer refused before we came is not ours to lift", async () => {
  vault.disabled.add("a");
  await bench.start();
  const entry = await bench.revoke("key:vault/a");
  await bench.decided(entry, "upstream_verified");
  await bench.reinstate(entry);
  await bench.decided(entry, "withheld");
  expect(vault.disabled.has("a")).toBe(true);
});

test("an entry that ends by itself ends at the issuer too", async () => {
  await bench.start();
  const entry = await bench.revoke("key:vault/a", {
    expires_at: new Date(Date.now() + 3600_000).toISOString(),
  });
  await bench.decided(entry, "upstream_verified");
  bench.clock = () => Date.now() + 3601_000;
  await bench.decided(entry, "upstream_reinstated");
  expect(vault.disabled.has("a")).toBe(false);
});

describe("an issuer that says yes and goes on accepting", () => {
  test("on-call is told at the deadline, and that it is over when it refuses after all", async () => {
    vault.lies = true;
    bench.yaml = `${YAML}deadlines: {verified: 1s}\n`;
    await bench.start();
    const entry = await bench.revoke("key:vault/a");
    const failed = await bench.decided(entry, "upstream_failed");
    expect(kinds(failed)).toEqual(["upstream_acknowledged", "upstream_failed"]);
    expect(failed[1]?.reason).toContain("still accepts it");
    const [alert] = await waitFor(() => bench.alerts.length === 1 && bench.alerts);
    expect(alert).toMatchObject({ rule: { id: "key-still-accepted" }, severity: "critical" });
    expect(alert?.summary).toContain("key:vault/a");
    expect(alert?.next[0]).toContain("by hand");
    vault.disabled.add("a"); // a person did it
    bench.desk.use(bench.revokers());
    await bench.decided(entry, "upstream_verified");
    const [, resolved] = await waitFor(() => bench.alerts.length === 2 && bench.alerts);
    expect(resolved).toMatchObject({ id: alert?.id, state: "resolved" });
  });
});

describe("an issuer that does not do it", () => {
  test("one that is down is tried again until it is up", async () => {
    await vault.stop();
    await bench.start();
    const entry = await bench.revoke("key:vault/a");
    await waitFor(() => bench.desk.health().detail?.includes("127.0.0.1 was not reached"));
    await vault.start();
    await bench.decided(entry, "upstream_verified");
    expect(bench.alerts).toEqual([]);
  });
  test("past the deadline on-call hears of it, and it is tried on", async () => {
    vault.status = 503;
    bench.yaml = `${YAML}deadlines: {upstream: 1s}\n`;
    await bench.start();
    const entry = await bench.revoke("key:vault/a");
    const [failed] = await bench.decided(entry, "upstream_failed");
    expect(failed?.reason).toContain("503");
    vault.status = undefined;
    await bench.decided(entry, "upstream_verified");
    await waitFor(() => bench.alerts.at(-1)?.state === "resolved");
  });
  test("a no is told at once, and it is tried again when the settings change", async () => {
    vault.status = 403;
    await bench.start();
    const entry = await bench.revoke("key:vault/a");
    const [failed] = await bench.decided(entry, "upstream_failed");
    expect(failed?.reason).toContain("does not let Tripline");
    await waitFor(() => bench.alerts.length === 1);
    vault.status = undefined;
    bench.desk.use(bench.revokers());
    await bench.decided(entry, "upstream_verified");
    await waitFor(() => bench.alerts.at(-1)?.state === "resolved");
  });
  test("it is left alone for a while, however often the desk looks what is due", async () => {
    vault.status = 403;
    await bench.start();
    const entry = await bench.revoke("key:vault/a");
    await bench.decided(entry, "upstream_failed");
    for (let i = 0; i < 10; i += 1)
      await bench.decided(await bench.revoke(`key:slow/${i}`), "upstream_verified");
    expect(vault.changes()).toEqual(["PUT a"]);
  });
  test("reinstated while it was not reached: nothing is revoked when it is back", async () => {
    await vault.stop();
    await bench.start();
    const entry = await bench.revoke("key:vault/a");
    await waitFor(() => bench.desk.health().detail?.includes("127.0.0.1 was not reached"));
    await bench.reinstate(entry);
    await vault.start();
    await bench.decided(entry, "upstream_reinstated");
    expect(vault.disabled.has("a")).toBe(false);
    expect(bench.alerts).toEqual([]);
  });
  test("after a day it is given up, on record", async () => {
    vault.status = 503;
    await bench.start();
    const entry = await bench.revoke("key:vault/a");
    await waitFor(() => vault.requests.length > 0);
    bench.clock = () => Date.now() + 25 * 3600_000;
    bench.desk.use(bench.revokers());
    await waitFor(() => bench.decisions.at(-1)?.reason.includes("given up"));
    expect(bench.alerts).toHaveLength(1);
    const { length } = vault.requests;
    bench.desk.use(bench.revokers());
    const later = await bench.revoke("key:slow/b");
    await bench.decided(later, "upstream_verified");
    expect(vault.requests).toHaveLength(length);
    expect(entry.state).toBe("active");
  });
});

test("a slow issuer holds up no other", async () => {
  slow.holds = "everything";
  await bench.start();
  for (let i = 0; i < 10; i += 1) await bench.revoke(`key:slow/${i}`);
  const entry = await bench.revoke("key:vault/a");
  await bench.decided(entry, "upstream_verified");
  expect(slow.requests.length).toBeLessThanOrEqual(4);
  slow.release();
  await waitFor(() => slow.disabled.size === 10);
});

describe("the responder ends", () => {
  test("between the decision and the call: it is called after the start", async () => {
    await bench.start();
    await bench.stop();
    const entry = await bench.revokeUnattended("key:vault/a");
    await bench.start();
    await bench.decided(entry, "upstream_verified");
    expect(vault.changes()).toEqual(["PUT a"]);
  });
  test("in the middle of the call: it is called again, and counts as ours", async () => {
    vault.holds = "changes";
    await bench.start();
    const entry = await bench.revoke("key:vault/a");
    await waitFor(() => vault.changes().length === 1);
    await bench.stop();
    vault.release(); // the issuer has done it, and nobody heard
    await waitFor(() => vault.disabled.has("a"));
    await bench.start();
    await bench.decided(entry, "upstream_verified");
    await bench.reinstate(entry);
    await bench.decided(entry, "upstream_reinstated");
    expect(vault.disabled.has("a")).toBe(false);
  });
  test("between the call and the probe: it asks on, and does not call again", async () => {
    vault.holds = "questions";
    await bench.start();
    const entry = await bench.revoke("key:vault/a");
    await waitFor(() => vault.requests.includes("GET a"));
    await bench.stop();
    vault.release();
    await bench.start();
    await bench.decided(entry, "upstream_verified");
    expect(vault.changes()).toEqual(["PUT a"]);
  });
  test("before it lifted what a person reinstated: nothing is revoked again", async () => {
    await bench.start();
    const entry = await bench.revoke("key:vault/a");
    await bench.decided(entry, "upstream_verified");
    vault.holds = "changes";
    await bench.reinstate(entry);
    await waitFor(() => vault.changes().length === 2);
    await bench.stop();
    vault.release();
    await bench.start();
    await bench.decided(entry, "upstream_reinstated");
    expect(vault.disabled.has("a")).toBe(false);
  });
});

describe("what no revoker is for", () => {
  test("the record and the alert say which key stays alive", async () => {
    await bench.start();
    const entry = await bench.revoke("key:elsewhere/a");
    const [failed] = await bench.decided(entry, "upstream_failed");
    expect(failed?.reason).toContain("key:elsewhere/a");
    expect(failed?.via).toBeUndefined();
    await waitFor(() => bench.alerts.length === 1);
  });
  test("without any revoker only the record says so, and of a local name there is nothing to say", async () => {
    bench.yaml = "";
    await bench.start();
    await bench.revoke("local:demo");
    await bench.revoke("s-1", { scope: "session" });
    const entry = await bench.revoke("key:elsewhere/a");
    await bench.decided(entry, "upstream_failed");
    expect(bench.decisions).toHaveLength(1);
    expect(bench.alerts).toEqual([]);
  });
});

test("two responders on one log: each key is revoked by one of them, and by the other when that has gone", async () => {
  const log = createMemoryLog();
  const first = await UpstreamBench.create(log, 6);
  first.yaml = YAML;
  const second = await first.another();
  await first.start();
  await second.start();
  const entries = [];
  for (let i = 0; i < 12; i += 1) entries.push(await first.revoke(`key:vault/${i}`));
  for (const entry of entries) await first.decided(entry, "upstream_verified");
  expect(vault.changes().sort()).toEqual(entries.map(({ subject }) => `PUT ${subject.split("/")[1]}`).sort());
  await second.stop();
  for (const entry of entries) await first.reinstate(entry);
  for (const entry of entries) await first.decided(entry, "upstream_reinstated");
  expect(vault.disabled.size).toBe(0);
  await first.remove();
});
