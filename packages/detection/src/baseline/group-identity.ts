import type { Envelope } from "@tripline/events";
import { z } from "zod";
import type { RecordView } from "../record/record-view.ts";

/** The parts of an envelope that groups are made of, as they are kept beside a baseline. */
export const groupIdentity = z.object({
  tenant: z.string(),
  actor: z
    .object({
      credential: z.string().optional(),
      principal: z.string().optional(),
      agent: z.string().optional(),
      client: z.string().optional(),
    })
    .optional(),
  session: z.object({ id: z.string().optional() }).optional(),
  target: z.object({ server: z.string().optional(), tool: z.string().optional() }).optional(),
});

type Identity = z.infer<typeof groupIdentity>;

/** Of one record all rules keep the same object: it is never changed. */
export function identityOf(view: RecordView): Identity {
  if (latest.serial !== view.serial)
    latest = { serial: view.serial, identity: identityIn(view.record.envelope) };
  return latest.identity;
}

let latest: { serial: number; identity: Identity } = { serial: 0, identity: { tenant: "" } };

function identityIn({ tenant, actor, session, target }: Envelope): Identity {
  return {
    tenant,
    ...(actor === undefined ? {} : { actor: only(actor, ["credential", "principal", "agent", "client"]) }),
    ...(session === undefined ? {} : { session: only(session, ["id"]) }),
    ...(target === undefined ? {} : { target: only(target, ["server", "tool"]) }),
  };
}

function only<K extends string>(
  from: Partial<Record<K, string | undefined>>,
  names: readonly K[],
): Partial<Record<K, string>> {
  const kept: Partial<Record<K, string>> = {};
  for (const name of names) {
    const value = from[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
