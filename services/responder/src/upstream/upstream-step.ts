import { type Revocation, revocationKey, TriplineError } from "@tripline/events";
import { type PublicKey, verifyRevocation } from "@tripline/response";
import type { LogRecord, PartitionStep } from "@tripline/stream";
import type { RevocationView } from "../revoke/revocation-view.ts";

export const UPSTREAM_GROUP = "responder-upstream";

export interface UpstreamStepDeps {
  keys: readonly PublicKey[];
  view: RevocationView;
  /** Resolves when whatever is to be done about the entry is on record as wanted. */
  take(entry: Revocation, appendTime: number): Promise<string>;
  onLost(): void;
}

/**
 * Takes each entry of one partition of the revocations topic up once: what is wanted of the issuers is durable in the upstream topic
 * before the entry counts as read. It waits for no issuer.
 */
export function upstreamStep(deps: UpstreamStepDeps): PartitionStep {
  return {
    process: async (record) => {
      const entry = entryOf(record, deps.keys);
      if (entry === null) return { kind: "skip", reason: "not_ours" };
      deps.view.apply(entry, record.offset); // the table of all entries may come later than this
      return { kind: "skip", reason: await deps.take(entry, record.appendTime) };
    },
    onLost: () => deps.onLost(),
  };
}

/** Null for what is deleted, or nobody of ours signed: `RevocationTable` counts and tells those. */
function entryOf(record: LogRecord, keys: readonly PublicKey[]): Revocation | null {
  if (record.value === null) return null;
  try {
    const entry = verifyRevocation(JSON.parse(new TextDecoder().decode(record.value)), keys);
    return revocationKey(entry) === record.key ? entry : null;
  } catch (error) {
    if (error instanceof TriplineError || error instanceof SyntaxError) return null;
    throw error;
  }
}
