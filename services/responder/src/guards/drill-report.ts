import { z } from "zod";

const ms = z.number().nullable();

/** What a drill saw. Times in ms from its decision, by the clocks named; null: not within the time that a stage may take. */
export const drillReportSchema = z.object({
  revocation_id: z.string(),
  tenant: z.string(),
  credential: z.string(),
  started_at: z.string(),
  ok: z.boolean(),
  decided_ms: ms.describe("until the signed entry was durable in the log"),
  interceptors: z
    .array(
      z.object({
        producer: z.string(),
        boot: z.string(),
        advisory: z.boolean().describe("it runs under the agent's own user, which can end or bypass it"),
        refused_ms: ms.describe("until it refused, by its own clock"),
        allowed_ms: ms.describe("until it allowed again, from the reinstatement, by its own clock"),
      }),
    )
    .describe("all that live, as this responder sees them"),
  refused_ms: ms.describe("until the last of the interceptors that have to refuse did"),
  allowed_ms: ms.describe("from the reinstatement until the last of them allowed again"),
  call: z
    .object({
      before: z.enum(["passed", "refused", "unanswered"]),
      during: z.enum(["passed", "refused", "unanswered"]),
      after: z.enum(["passed", "refused", "unanswered"]),
    })
    .nullable()
    .describe("the real call with the canary; null where none is configured"),
  upstream: z
    .object({ acknowledged_ms: ms, verified_ms: ms, reinstated_ms: ms })
    .nullable()
    .describe("null where no revoker handles the canary"),
  failures: z.array(z.string()).describe("what went wrong, in words"),
  not_shown: z.array(z.string()).describe("what this drill says nothing about"),
});
export type DrillReport = z.infer<typeof drillReportSchema>;
