import type { Access, RecordProducer } from "@tripline/service";

/** Records who changed which entry of the access list. */
export type Trail = (caller: Access, action: string, entryId: string) => Promise<void>;

export function createTrail(records: Pick<RecordProducer, "write">): Trail {
  return async (caller, action, entryId) => {
    await records.write({
      type: "access",
      tenant: caller.tenant,
      access: { by: caller.id, action, query: JSON.stringify({ id: entryId }), records: 1 },
    });
  };
}
