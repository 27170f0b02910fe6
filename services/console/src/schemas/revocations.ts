import { REVOCATION_SCOPES } from "@tripline/events";
import { z } from "zod";
import { cursor, filterText, limit, moment, text } from "./common.ts";

const STATES = ["active", "reinstated"] as const;

export const revocationsQuery = z.strictObject({
  state: z.enum(STATES).optional(),
  scope: z.enum(REVOCATION_SCOPES).optional(),
  subject: filterText.optional(),
  since: moment.optional().describe("inclusive"),
  until: moment.optional().describe("exclusive"),
  incident: filterText.optional().describe("only what came of an alert of this incident"),
  limit: limit.optional(),
  cursor: cursor.optional(),
});

export const revocationRow = z.object({
  id: z.string(),
  scope: z.enum(REVOCATION_SCOPES),
  subject: z.string(),
  state: z.enum(STATES),
  reason: z.string(),
  by: z.string(),
  rule_id: text,
  alert_id: text,
  detected_at: text,
  decided_at: z.string(),
  expires_at: text,
  reinstated_at: text,
  key_id: z.string(),
  signature: z.string(),
});

export const revocationsAnswer = z.object({
  revocations: z.array(revocationRow),
  next: text,
  previous: text,
});

export const TIMELINE_STEPS = [
  "completed",
  "detected",
  "decided",
  "applied",
  "first_refusal",
  "not_enforced",
  "enforced",
  "upstream_acknowledged",
  "upstream_verified",
  "upstream_failed",
  "upstream_reinstated",
  "reinstated",
  "lifted",
] as const;

export const timelineStep = z.object({
  step: z.enum(TIMELINE_STEPS),
  label: z.string().describe("the step in words"),
  at: text.describe("null: not seen yet"),
  after_ms: z
    .number()
    .nullable()
    .describe("ms after the first step; clocks of several machines are compared as they are"),
  clock: z.string().describe("whose clock `at` is"),
  record_id: text.describe("the record that shows it"),
});

const milliseconds = z.number().nullable();

export const revocationTimeline = z
  .object({
    detected_ms: milliseconds,
    decided_ms: milliseconds,
    applied_ms: milliseconds.describe("until the first interceptor refused"),
    all_applied_ms: milliseconds.describe(
      "until the last interceptor refused; null while one that was there and is not advisory has not said so",
    ),
    first_refusal_ms: milliseconds.describe(
      "until a call was refused; holds the time until the agent tried again",
    ),
    upstream_ack_ms: milliseconds.describe("until an issuer said that it revoked the key"),
    verified_ms: milliseconds.describe("until an issuer was seen to refuse the key"),
    steps: z.array(timelineStep),
    in_flight: z
      .array(
        z.object({
          record_id: z.string(),
          call_id: z.string(),
          server: text,
          tool: text,
          started: z.string(),
          outcome: text.describe("null: not known to have ended"),
        }),
      )
      .describe("calls that had begun and not ended when it was decided: they may have taken effect"),
    only_reporting: z
      .array(z.string())
      .describe("producers that were heard then and only report: they can't refuse"),
  })
  .describe(
    "how it went, in ms after the call that completed the pattern was recorded (after the decision, when a person " +
      "decided); null: not seen yet",
  );

export const revocationAnswer = z.object({ revocation: revocationRow, timeline: revocationTimeline });
