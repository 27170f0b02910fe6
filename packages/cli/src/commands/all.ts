import type { AddCommand } from "./command.ts";

/**
 * Every command by its name, in the order of the help. Each is loaded only where it is needed: all together they take longer
 * to load than most of them take to answer.
 */
export const COMMANDS: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  ["calls", async () => (await import("./calls.ts")).addCalls],
  ["call", async () => (await import("./call.ts")).addCall],
  ["session", async () => (await import("./session.ts")).addSession],
  ["alerts", async () => (await import("./alerts.ts")).addAlerts],
  ["alert", async () => (await import("./alert.ts")).addAlert],
  ["revocations", async () => (await import("./revocations.ts")).addRevocations],
  ["revoke", async () => (await import("./revoke.ts")).addRevoke],
  ["reinstate", async () => (await import("./revoke.ts")).addReinstate],
  ["response", async () => (await import("./response.ts")).addResponse],
  ["rules", async () => (await import("./rules.ts")).addRules],
  ["baselines", async () => (await import("./baselines.ts")).addBaselines],
  ["manifest", async () => (await import("./manifest.ts")).addManifest],
  ["eval", async () => (await import("./eval.ts")).addEval],
  ["producers", async () => (await import("./producers.ts")).addProducers],
  ["tokens", async () => (await import("./tokens.ts")).addTokens],
  ["erase", async () => (await import("./erase.ts")).addErase],
  ["hold", async () => (await import("./hold.ts")).addHold],
  ["dead-letters", async () => (await import("./dead-letters.ts")).addDeadLetters],
  ["doctor", async () => (await import("./doctor.ts")).addDoctor],
  ["verify", async () => (await import("./verify.ts")).addVerify],
  ["export", async () => (await import("./export.ts")).addExport],
  ["ledger", async () => (await import("./ledger.ts")).addLedger],
  ["store", async () => (await import("./store.ts")).addStore],
  ["topics", async () => (await import("./topics.ts")).addTopics],
  ["log", async () => (await import("./log.ts")).addLog],
  ["gaps", async () => (await import("./gaps.ts")).addGaps],
  ["health", async () => (await import("./health.ts")).addHealth],
  ["proxy", async () => (await import("./proxy.ts")).addProxy],
  ["witness", async () => (await import("./witness.ts")).addWitness],
  ["replay", async () => (await import("./replay.ts")).addReplay],
  ["demo", async () => (await import("./demo.ts")).addDemo],
]);
