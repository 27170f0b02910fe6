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
