import fc from "fast-check";
import { expect, test } from "vitest";
import { sampleAlert } from "../testing/sample-alert.ts";
import { hostileIncident, REVOKED, sampleNotification } from "../testing/sample-incident.ts";
import { webhookBody } from "./webhook-body.ts";

test("says what happened, what was done, how to undo it and what stays valid", () => {
  expect(webhookBody(sampleNotification("opened", { done: REVOKED }))).toMatchObject({
    type: "incident.opened",
    timestamp: "2026-11-21T09:30:00.200Z",
    data: {
      id: "1".repeat(64),
      state: "open",
      severity: "high",
      summary: "local:demo read .env and then sent a mail",
      done: "The credential local:demo is refused by every interceptor until it is reinstated.",
      still_valid: "mail's own key (environment variable MAIL_TOKEN) is not touched and stays valid.",
      response: {
        kind: "revoked",
        undo: {
          command: `tripline reinstate ${sampleAlert().id} --reason "…"`,
          url: `https://tripline.example.com/api/revocations/${sampleAlert().id}/reinstate`,
        },
      },
      evidence: [
        { step: "read", tool: "read_file" },
        { step: "send", tool: "send_email" },
      ],
      links: { incident: `https://tripline.example.com/#/incidents/${"1".repeat(64)}` },
    },
  });
});

test("says so when nothing was done, and offers nothing to undo", () => {
  const data = JSON.stringify(webhookBody(sampleNotification()));
  expect(data).toContain("Nothing was revoked: the caller's credential is asserted, not verified.");
  expect(data).not.toContain("undo");
});

test("captured text can neither hide nor drive a terminal, and stays small", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 3000 }), (hostile) => {
      const incident = hostileIncident(hostile);
      const [first] = incident.alert.evidence;
      const evidence = first === undefined ? [] : Array.from({ length: 100 }, () => first);
      const notification = sampleNotification("opened", {
        ...incident,
        alert: { ...incident.alert, evidence },
      });
      const body = webhookBody(notification);
      const text = JSON.stringify(body);
      expect(text).not.toMatch(/\\u00[01]|[\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b]/);
      expect(body.data).toMatchObject({ evidence_left_out: 80 });
    }),
    { numRuns: 20 },
  );
});
