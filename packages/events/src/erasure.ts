import { z } from "zod";
import type { Envelope } from "./envelope.ts";
import { name, timestamp, uuid } from "./fields.ts";
import { removedEnvelopesSchema } from "./removed-envelopes.ts";

/**
 * What the records of the types `erasure` and `retention` say, and which payloads they cover. A payload may be missing
 * if, and only if, a sealed record covers it: `coversErasure` decides that, from two envelopes and nothing else.
 */

export const MAX_ERASED_IDS = 1_000; // of one record: 40 KB; more are several records
const MAX_HOLDS = 1_000;
const reason = z.string().min(1).max(1024);

/** What a legal hold is about: everything of the tenant, of a principal, or of a session. */
export const holdScopeSchema = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("tenant") }),
  z.looseObject({ kind: z.literal("principal"), subject: name.describe("subject id") }),
  z.looseObject({ kind: z.literal("session"), subject: name }),
]);
export type HoldScope = z.infer<typeof holdScopeSchema>;

const except = z
  .array(z.looseObject({ hold: uuid.describe("id of the record that says `held`"), scope: holdScopeSchema }))
  .max(MAX_HOLDS)
  .describe("legal holds in force when it was written: what they are about is not covered");
export type HeldBack = z.infer<typeof except>;

/**
 * Which payloads: closed descriptions, each to be told from an envelope alone. `before` is compared with the envelope's
 * `time` and `received`; one of them before it is enough, so that a producer's clock can't keep a payload for ever.
 */
export const erasureCoverSchema = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("records"), ids: z.array(uuid).min(1).max(MAX_ERASED_IDS) }),
  z.looseObject({ kind: z.literal("principal"), principal: name.describe("subject id"), before: timestamp }),
  z.looseObject({ kind: z.literal("session"), session: name, before: timestamp }),
  z.looseObject({ kind: z.literal("age"), before: timestamp }),
]);
export type ErasureCover = z.infer<typeof erasureCoverSchema>;

/** `erasure`: a person had these payloads erased; of a principal, the names in the directory too. */
export const erasureSchema = z.looseObject({
  covers: erasureCoverSchema,
  except,
  reason,
  by: name.describe("id of the person's token"),
});

/** `retention`: payloads or envelopes are over their age, or a legal hold begins or ends. */
export const retentionSchema = z.discriminatedUnion("action", [
  z.looseObject({
    action: z.literal("expired"),
    before: timestamp.describe("payloads of what happened before"),
    names_before: timestamp.optional().describe("names of the directory last seen before"),
    except,
    by: name,
  }),
  removedEnvelopesSchema,
  z.looseObject({ action: z.literal("held"), scope: holdScopeSchema, reason, by: name }),
  z.looseObject({
    action: z.literal("released"),
    hold: uuid.describe("id of the record that said `held`"),
    reason,
    by: name,
  }),
]);

/** As much of an envelope as says whether its payload is covered. */
export interface Erasable {
  tenant: string;
  id: string;
  time: string;
  received?: string | undefined;
  actor?: { principal?: string | undefined } | undefined;
  session?: { id?: string | undefined } | undefined;
}

/**
 * Whether this record, of type `erasure` or `retention`, covers the payload of that envelope: of the same tenant, within
 * its description, and not under a hold that it names. A description never reaches beyond the record's own time.
 */
export function coversErasure(record: Envelope, about: Erasable): boolean {
  const said = erasureOf(record);
  if (said === null || record.tenant !== about.tenant) return false;
  return isWithin(said.covers, about) && !said.except.some(({ scope }) => isHeld(scope, about));
}

/** What the record covers and what it leaves out; null for a record that covers nothing, such as a hold. */
export function erasureOf(record: Envelope): { covers: ErasureCover; except: HeldBack } | null {
  const said = saidBy(record);
  if (said === null) return null;
  const { covers } = said;
  if (covers.kind !== "records" && covers.before > (record.received ?? record.time)) return null;
  return said;
}

function saidBy({ type, erasure, retention }: Envelope): { covers: ErasureCover; except: HeldBack } | null {
  if (type === "erasure" && erasure !== undefined) return erasure;
  if (type !== "retention" || retention?.action !== "expired") return null;
  return { covers: { kind: "age", before: retention.before }, except: retention.except };
}

function isWithin(covers: ErasureCover, about: Erasable): boolean {
  switch (covers.kind) {
    case "records":
      return covers.ids.includes(about.id);
    case "principal":
      return about.actor?.principal === covers.principal && happenedBefore(about, covers.before);
    case "session":
      return about.session?.id === covers.session && happenedBefore(about, covers.before);
    case "age":
      return happenedBefore(about, covers.before);
  }
}

export function isHeld(scope: HoldScope, about: Pick<Erasable, "actor" | "session">): boolean {
  switch (scope.kind) {
    case "tenant":
      return true;
    case "principal":
      return about.actor?.principal === scope.subject;
    case "session":
      return about.session?.id === scope.subject;
  }
}

function happenedBefore({ time, received }: Erasable, before: string): boolean {
  return isBefore(time, before) || (received !== undefined && isBefore(received, before));
}

const FIRST = "1970-01-01T00:00:00.000Z";

/** Texts of this form sort as their times do. One that names no real moment (2026-02-31) is before nothing. */
function isBefore(moment: string, before: string): boolean {
  if (moment >= before || moment <= FIRST) return false;
  const ms = Date.parse(moment);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === moment;
}
