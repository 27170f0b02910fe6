import { type Alert, LOCAL_TENANT, pipelineAlert } from "@tripline/events";
import type { LedgerError } from "@tripline/ledger";

/** @param path of the log, as in the catalog */
export function damageAlert(path: string, error: LedgerError, timeMs: number): Alert {
  return pipelineAlert({
    rule: "ledger-damaged",
    tenant: LOCAL_TENANT,
    identity: `${path} ${error.code}`,
    group: `log=${path}`,
    timeMs,
    summary: `The ledger's log ${path} can't go on: ${error.message}`,
    why:
      "What the ledger has sealed and what the topic or its files now hold are not the same. Somebody may have changed " +
      "records or the ledger, or its files were lost. Records are stored as before; from here on they are not sealed.",
    next: [
      "Keep the ledger's files and the store as they are, and make copies",
      "Run `tripline verify`: it names what differs",
      "Compare with the last checkpoint that a witness cosigned: it is outside of this installation",
    ],
  });
}

/** @param trouble what keeps it from being written @param forMs how long it has */
export function behindAlert(path: string, trouble: string, timeMs: number, forMs: number): Alert {
  const since = new Date(timeMs - forMs).toISOString();
  return pipelineAlert({
    rule: "ledger-behind",
    tenant: LOCAL_TENANT,
    identity: `${path} ${since.slice(0, "2026-11-21T09".length)}`,
    group: `log=${path}`,
    timeMs,
    summary: `The ledger's log ${path} has not been written since ${since}: ${trouble}`,
    why:
      "Records are stored and not sealed. They are sealed later from the topic, which keeps seven days unless you set it otherwise: " +
      "what has gone from there by then can never be sealed, and nothing proves it.",
    next: [
      "Mend what the message says, within the days that tripline.events is kept: the archiver goes on by itself",
      "Where that takes longer, keep the topic longer first (retention.ms of tripline.events)",
      "tripline doctor says how far the ledger has come",
    ],
  });
}
