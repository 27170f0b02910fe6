import { incidentSchema } from "@tripline/events";
import type { Notification, Notifier } from "@tripline/response";
import { createContext } from "@tripline/service";
import { afterEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { anAlert } from "../testing/bench.ts";
import { incidentIn } from "./incident-record.ts";
import { Reminders } from "./reminders.ts";
import { ToldIncidents } from "./told-incidents.ts";

const AT = "2026-11-21T09:30:00.000Z";
function incident(id: string, state: "open" | "acknowledged" | "resolved", number: number) {
  const alert = {
    ...anAlert(),
    evidence: [{ record_id: "01939c5e-7b3a-7000-8000-000000000001", step: "s", time: AT }],
  };
  return incidentSchema.parse({
    ...{
      v: 1,
      id: id.padEnd(64, "0"),
      version: number,
      tenant: "acme",
      rule: { id: "r", title: "R" },
      subject: "s",
    },
    ...{
      severity: "high",
      state,
      opened_at: AT,
      last_alert_at: AT,
      updated_at: AT,
      alerts: 1,
      alert_ids: [alert.id],
    },
    ...{
      alert,
      done: { kind: "none", reason: "off" },
      escalation: 0,
      history: [],
      notice: { kind: "opened", number },
    },
  });
}

describe("what a notifier was told", () => {
  test("survives a restart, and is what is open", () => {
    const told = new ToldIncidents({ keepOpen: true });
    told.add(incident("a", "open", 1));
    told.add(incident("b", "open", 1));
    told.add(incident("b", "resolved", 2));
    told.add(incident("c", "acknowledged", 3));
    const after = new ToldIncidents({ keepOpen: true });
    after.restore(told.encode());
    expect(after.open().map(({ id }) => id[0])).toEqual(["a", "c"]);
    expect(after.open()[0]?.alert.evidence).toEqual([]);
    expect(after.isTold(incident("b", "resolved", 2))).toBe(true);
    expect(after.isTold(incident("b", "open", 3))).toBe(false);
    expect(after.knows("x")).toBe(false);
  });
  test("needs no reminder when it ended while it was muted", () => {
    const told = new ToldIncidents({ keepOpen: true });
    told.add(incident("a", "open", 1));
    const { notice: _nobodyIsTold, ...muted } = incident("a", "resolved", 2);
    told.see(muted);
    told.see({ ...muted, id: "f".repeat(64) });
    expect(told.open()).toEqual([]);
    expect(told.isTold(incident("a", "open", 1))).toBe(true);
    expect(told.knows("f".repeat(64))).toBe(false);
  });
  test("is bounded", () => {
    const told = new ToldIncidents({ keepOpen: false });
    for (let i = 0; i < 5001; i++)
      told.add({ ...incident("a", "open", 1), id: i.toString(16).padStart(64, "0") });
    expect(told.knows("0".padStart(64, "0"))).toBe(false);
    expect(told.knows((5000).toString(16).padStart(64, "0"))).toBe(true);
    expect(told.open()).toEqual([]);
  });
});

describe("reminders", () => {
  const stop = new AbortController();
  afterEach(() => stop.abort());

  test("tell again and again what is open, until it is not", async () => {
    const told = new ToldIncidents({ keepOpen: true });
    told.add(incident("a", "open", 1));
    const heard: string[][] = [];
    const notifier: Notifier = {
      name: "forgetful",
      to: "here",
      notify: async () => ({ kind: "delivered" }),
      reminder: {
        everyMs: 5,
        tell: async (open: readonly Notification[]) => {
          heard.push(open.map(({ id }) => id));
          return { kind: heard.length === 1 ? "refused" : "delivered", reason: "once" };
        },
      },
    };
    let committed = 7;
    let asked = 0;
    const reminders = new Reminders({
      log: {
        committed: async () => {
          asked += 1;
          return new Map([[3, { offset: committed, metadata: "" }]]);
        },
      },
      group: "g",
      notifier: () => notifier,
      context: createContext({ service: "test", logLevel: "silent" }),
      publicUrl: () => "",
      signal: stop.signal,
    });
    told.position = 7;
    const forget = reminders.add(3, told);
    reminders.start();
    await waitFor(() => heard.length >= 2);
    expect(heard[1]).toEqual([`${"a".padEnd(64, "0")}.1`]);
    told.add(incident("a", "resolved", 2));
    told.add(incident("b", "open", 1));
    await waitFor(() => heard.at(-1)?.[0]?.startsWith("b"));
    committed = 8; // somebody else has the partition and went on
    const before = heard.length;
    asked = 0;
    await waitFor(() => asked >= 3);
    expect(heard.length).toBeLessThanOrEqual(before + 1); // one that was on its way
    forget();
    reminders.stop();
  });
});

test.each([null, "", "{", "{}", '{"v":1}', "null"])("%j is no incident", (value) => {
  expect(incidentIn({ value: value === null ? null : Buffer.from(value) })).toBe(null);
});
