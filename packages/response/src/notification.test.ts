import type { WhatWasDone } from "@tripline/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { notificationBody, notificationId } from "./notification.ts";
import { sampleAlert } from "./testing/sample-alert.ts";

const REVOKED: WhatWasDone = {
  kind: "revoked",
  reason: "rule secret-then-send",
  revocation: {
    v: 1,
    id: sampleAlert().id,
    tenant: "acme",
    scope: "credential",
    subject: "local:demo",
    state: "active",
    reason: "rule secret-then-send",
    by: "policy",
    decided_at: "2026-11-21T09:30:00.140Z",
  },
};

function body(done: WhatWasDone, alert = sampleAlert()) {
  return notificationBody({ id: notificationId(alert), alert, done, publicUrl: "http://127.0.0.1:4180" });
}

test("says what happened, what was done, how to undo it and what stays valid", () => {
  expect(body(REVOKED)).toMatchObject({
    type: "alert.detected",
    timestamp: "2026-11-21T09:30:00.123Z",
    data: {
      severity: "high",
      summary: "local:demo read .env and then sent a mail",
      done: "The credential local:demo is refused by every interceptor until it is reinstated.",
      still_valid: "mail's own key (environment variable MAIL_TOKEN) is not touched and stays valid.",
      response: {
        kind: "revoked",
        undo: {
          command: `tripline reinstate ${sampleAlert().id} --reason "…"`,
          url: `http://127.0.0.1:4180/api/revocations/${sampleAlert().id}/reinstate`,
        },
      },
      evidence: [
        { step: "read", tool: "read_file" },
        { step: "send", tool: "send_email" },
      ],
      links: { alert: `http://127.0.0.1:4180/#/alerts/${sampleAlert().id}` },
    },
  });
});

test("says so when nothing was done, and offers nothing to undo", () => {
  const data = JSON.stringify(body({ kind: "withheld", reason: "the caller's credential is asserted" }));
  expect(data).toContain("Nothing was revoked: the caller's credential is asserted.");
  expect(data).not.toContain("undo");
});

test("captured text can neither hide nor drive a terminal, and stays small", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 3000 }), (hostile) => {
      const [first] = sampleAlert().evidence;
      const evidence = Array.from({ length: 100 }, () => ({ ...first, step: "s", note: hostile }));
      const alert = sampleAlert({ summary: hostile, target: { server: hostile } });
      const sent = notificationBody({
        id: "x",
        alert: {
          ...alert,
          evidence: evidence.flatMap((item) =>
            item.record_id ? [{ ...item, record_id: item.record_id, time: alert.time }] : [],
          ),
        },
        done: REVOKED,
        publicUrl: "http://x",
      });
      const text = Object.values(Object(sent.data)).flatMap((value) => JSON.stringify(value) ?? []);
      expect(text.join("")).not.toMatch(/\\u00[01]|[\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b]/);
      expect(Object(sent.data).evidence).toHaveLength(20);
      expect(Object(sent.data).evidence_left_out).toBe(80);
    }),
  );
});
