import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { terminalLine } from "@tripline/service/escape";
import { type RevocationAnswer, revocationAnswer } from "../api/answers.ts";
import type { ApiClient } from "../api/client.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { severityTone, tone } from "../output/print.ts";
import { callerOf } from "../replay/caller.ts";
import { replay } from "../replay/replayer.ts";
import { readTools, readTraces } from "../replay/trace-file.ts";
import { duration } from "../time/show.ts";
import { runDangerousChain } from "./dangerous-chain.ts";
import type { Stage } from "./stage.ts";

const SAMPLES = fileURLToPath(new URL("../../samples/", import.meta.url));
const STORED_TIMEOUT_MS = 20_000;
const POLL_MS = 100;
const SHOWN_ID_CHARS = 12; // enough to be the only one

/** Recorded agents at work, the one that goes wrong, and what Tripline did about it. */
export async function show(
  stage: Stage,
  context: CommandContext,
  say: (text: string) => void,
): Promise<void> {
  const { client, credential, interceptor, alerts } = stage;
  const runId = randomBytes(3).toString("hex");
  say("\nRecorded agents at work (AgentDojo, MIT) …");
  const counts = await replay(readTraces(join(SAMPLES, "agentdojo.ndjson")), {
    interceptor,
    callerOf: callerOf({ credential: "local:{suite}-agent", principal: "{suite}-user" }, interceptor),
    runId,
    speed: Number.POSITIVE_INFINITY,
    parallel: 4,
    tools: readTools(join(SAMPLES, "tools.json")),
    signal: context.signal,
  });
  say(`  ${counts.calls} calls in ${counts.traces} sessions`);

  say(`\nAn agent with the credential ${credential} now`);
  const caller = {
    credential,
    assurance: "verified" as const,
    agent: "demo-agent",
    principal: "ana",
  };
  const { refusal } = await runDangerousChain(interceptor, caller, `${runId}/demo`, (step) =>
    say(`  ${step.words.padEnd(42)} ${step.server}/${step.tool}`),
  );
  if (refusal === null)
    throw new CommandFailed(EXIT.failure, "the agent was not stopped: see tripline health");
  say(`  ${tone(context, "bad", "is refused its next call".padEnd(42))} mail/send_email`);

  const revocation = await measured(client, refusal.revocationId, context);
  const told = await soon(
    () => alerts.find(({ alert_id }) => alert_id === refusal.revocationId),
    context.signal,
  );
  say("");
  if (told !== undefined) {
    say(
      `${tone(context, severityTone(told.severity), told.severity.toUpperCase())}  ${terminalLine(told.summary)}`,
    );
    say("  (as the webhook received it, signature checked)");
  }
  say(measures(revocation, context));
  const id = refusal.revocationId.slice(0, SHOWN_ID_CHARS);
  say(`\n  why:  ${stage.command} alert ${id}`);
  say(`  undo: ${stage.command} reinstate ${id} --reason "a demo"`);
  say(`  prove that the record is whole: ${stage.command} verify`);
}

function measures({ timeline }: RevocationAnswer, context: CommandContext): string {
  const parts = timeline.steps
    .filter((step) => step.after_ms !== null)
    .map((step) => `  ${`+${duration(step.after_ms ?? 0)}`.padStart(10)}  ${terminalLine(step.label)}`);
  return [tone(context, "strong", "How fast it went"), ...parts].join("\n");
}

/** The revocation once the interceptor's word and the refusal are stored too. */
async function measured(client: ApiClient, id: string, context: CommandContext): Promise<RevocationAnswer> {
  const found = await soon(async () => {
    try {
      const answer = await client.request("GET", `/api/revocations/${id}`, revocationAnswer);
      const { applied_ms, first_refusal_ms } = answer.timeline;
      return applied_ms === null || first_refusal_ms === null ? undefined : answer;
    } catch (error) {
      if (error instanceof CommandFailed && error.exitCode === EXIT.not_found) return undefined;
      throw error;
    }
  }, context.signal);
  if (found !== undefined) return found;
  throw new CommandFailed(EXIT.failure, "the refusal was not stored in time: see tripline health");
}

async function soon<T>(
  look: () => T | undefined | Promise<T | undefined>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const deadline = Date.now() + STORED_TIMEOUT_MS;
  while (!signal.aborted && Date.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await delay(POLL_MS);
  }
  return undefined;
}
