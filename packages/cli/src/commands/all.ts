import { addAlert } from "./alert.ts";
import { addAlerts } from "./alerts.ts";
import { addBaselines } from "./baselines.ts";
import { addCall } from "./call.ts";
import { addCalls } from "./calls.ts";
import type { AddCommand } from "./command.ts";
import { addDeadLetters } from "./dead-letters.ts";
import { addDemo } from "./demo.ts";
import { addDoctor } from "./doctor.ts";
import { addErase } from "./erase.ts";
import { addEval } from "./eval.ts";
import { addExport } from "./export.ts";
import { addGaps } from "./gaps.ts";
import { addHealth } from "./health.ts";
import { addHold } from "./hold.ts";
import { addLedger } from "./ledger.ts";
import { addLog } from "./log.ts";
import { addManifest } from "./manifest.ts";
import { addProducers } from "./producers.ts";
import { addProxy } from "./proxy.ts";
import { addReplay } from "./replay.ts";
import { addResponse } from "./response.ts";
import { addRevocations } from "./revocations.ts";
import { addReinstate, addRevoke } from "./revoke.ts";
import { addRules } from "./rules.ts";
import { addSession } from "./session.ts";
import { addStore } from "./store.ts";
import { addTokens } from "./tokens.ts";
import { addTopics } from "./topics.ts";
import { addVerify } from "./verify.ts";
import { addWitness } from "./witness.ts";

/** Every command, in the order of the help. */
export const ALL_COMMANDS: readonly AddCommand[] = [
  addCalls,
  addCall,
  addSession,
  addAlerts,
  addAlert,
  addRevocations,
  addRevoke,
  addReinstate,
  addResponse,
  addRules,
  addBaselines,
  addManifest,
  addEval,
  addProducers,
  addTokens,
  addErase,
  addHold,
  addDeadLetters,
  addDoctor,
  addVerify,
  addExport,
  addLedger,
  addStore,
  addTopics,
  addLog,
  addGaps,
  addHealth,
  addProxy,
  addWitness,
  addReplay,
  addDemo,
];
