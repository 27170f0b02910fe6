import { MAX_ERASED_IDS, name, uuid } from "@tripline/events";
import { z } from "zod";
import { count, moment, text } from "./common.ts";

const reason = z.string().trim().min(1).max(1024).describe("why, for the audit trail");

export const eraseBody = z
  .strictObject({
    principal: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .describe("a subject id; with the role read_payload also a name or address that only one has"),
    session: name.optional(),
    records: z.array(uuid).min(1).max(MAX_ERASED_IDS).optional().describe("ids of records"),
    before: moment
      .optional()
      .describe("what happened before; alone: of the whole tenant. Default with principal and session: now"),
    reason,
    dry_run: z.boolean().default(false),
  })
  .superRefine(({ principal, session, records, before }, context) => {
    const named = [principal, session, records].filter((value) => value !== undefined).length;
    if (named > 1 || (named === 0 && before === undefined) || (records !== undefined && before !== undefined)) {
      context.addIssue({
        code: "custom",
        path: ["principal"],
        message: "give one of principal, session, records, before; `before` also beside principal or session",
      });
    }
  });

const left = z.object({
  payloads: count.describe("payloads that it covers and that are still stored"),
  names: count.describe("names in the directory, likewise"),
  held: count.describe("payloads that it would cover, were they not under a legal hold"),
});

const copies = z
  .array(z.object({ where: z.string(), what: z.string(), ends: text.describe("null: no date can be given") }))
  .describe("every other copy, and when it ends");

const covers = z.looseObject({ kind: z.enum(["records", "principal", "session", "age"]) });

export const eraseAnswer = z.object({
  id: text.describe("of the record that is the erasure; null for a dry run"),
  covers,
  left,
  holds: z.array(z.string()).describe("legal holds that keep something back"),
  copies,
});

const erasureRow = z.object({
  id: z.string(),
  type: z.enum(["erasure", "retention"]),
  time: z.string(),
  by: z.string(),
  reason: text,
  covers,
  state: z
    .enum(["pending", "erasing", "done"])
    .describe("pending: its record is not archived yet; erasing: something is left; done: nothing is"),
  left,
});

export const erasuresQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20).describe("newest first"),
});
export const erasuresAnswer = z.object({ erasures: z.array(erasureRow) });
export const erasureAnswer = z.object({ erasure: erasureRow, copies });

export const holdScope = z
  .strictObject({
    principal: name.optional().describe("subject id"),
    session: name.optional(),
    tenant: z.literal(true).optional().describe("everything of the tenant"),
    reason,
  })
  .refine((body) => [body.principal, body.session, body.tenant].filter((each) => each !== undefined).length === 1, {
    message: "give one of principal, session, tenant",
    path: ["principal"],
  });
export const releaseBody = z.strictObject({ reason });

const hold = z.object({
  id: z.string(),
  scope: z.looseObject({ kind: z.enum(["tenant", "principal", "session"]) }),
  reason: z.string(),
  by: z.string(),
  since: z.string(),
});
export const holdsAnswer = z.object({ holds: z.array(hold) });
export const heldAnswer = z.object({ id: z.string().describe("of the hold") });
