import type { Payload } from "@tripline/events";
import { terminalBlock, terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { callAnswer, payloadAnswer, type ShownEnvelope } from "../api/answers.ts";
import type { CommandContext } from "../context.ts";
import { who } from "../output/calls.ts";
import { printJson, tone } from "../output/print.ts";
import { duration, localTime } from "../time/show.ts";
import { connect, globals } from "./command.ts";

/** `tripline call ID`: one call whole. */
export function addCall(program: Command, context: CommandContext): void {
  program
    .command("call <id>")
    .summary("one call: who, what, how it ended")
    .description("Shows one call, by its own id or the id of one of its records.")
    .option("--payload", "also arguments and result, redacted (needs read_payload; the reading is recorded)")
    .action(async (id: string, options: { payload?: boolean }, command: Command) => {
      const client = connect(command, context);
      const path = `/api/calls/${encodeURIComponent(id)}`;
      const detail = await client.request("GET", path, callAnswer);
      const payloads =
        options.payload === true ? await client.request("GET", `${path}/payload`, payloadAnswer) : null;
      if (globals(command).json === true) {
        return printJson(context, [payloads === null ? detail : { ...detail, payloads }]);
      }
      const record = detail.call ?? detail.intent;
      if (record === null) return context.out("the call has no record any more\n");
      for (const line of facts(record.envelope, detail.names ?? {})) context.out(line);
      if (detail.call === null) context.out(row("state", "announced, and no end recorded yet"));
      const { in_doubt: doubt } = detail;
      if (doubt != null) {
        const ended =
          record.envelope.id === doubt.record_id
            ? "nobody has seen how it ended"
            : "its record came after all";
        context.out(row("in doubt", `since ${localTime(doubt.since)}; ${ended}`));
      }
      if (payloads !== null) {
        showPayload(payloads.call?.payload ?? null, payloads.intent?.payload ?? null, context);
        const under = payloads.call?.erased_under ?? payloads.intent?.erased_under;
        if (under != null) context.out(`${terminalLine(`erased under the record ${under}`)}\n`);
      } else if (record.has_payload) context.out(tone(context, "dim", "arguments and result: --payload\n"));
    });
}

function facts(envelope: ShownEnvelope, names: Readonly<Record<string, readonly string[]>>): string[] {
  const { actor, call, session, target } = envelope;
  const pairs: [string, string | undefined][] = [
    ["record", envelope.id],
    ["call", call?.id],
    ["time", `${localTime(envelope.time)}  (${envelope.time})`],
    ["tool", target === undefined ? undefined : `${target.server ?? "?"}/${target.tool ?? "?"}`],
    [
      "outcome",
      [call?.outcome, call?.error_code].filter((part) => part !== undefined).join(" ") || undefined,
    ],
    ["took", call?.duration_ms === undefined ? undefined : duration(call.duration_ms)],
    [
      "credential",
      actor?.credential === undefined ? undefined : `${actor.credential} (${actor.assurance ?? "unknown"})`,
    ],
    ["principal", actor?.principal === undefined ? undefined : who(actor.principal, names)],
    ["agent", actor?.agent],
    ["client", actor?.client],
    ["session", session?.id === undefined ? undefined : `${session.id} (${session.source ?? "?"})`],
    [
      "decision",
      envelope.policy?.decision === undefined
        ? undefined
        : `${envelope.policy.decision} ${envelope.policy.rule ?? ""}`,
    ],
    [
      "size",
      call === undefined ? undefined : `${call.args_bytes ?? 0} B in, ${call.result_bytes ?? 0} B out`,
    ],
    ["producer", `${envelope.producer.id} #${envelope.producer.seq}`],
  ];
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [row(name, value)]));
}

function row(name: string, value: string): string {
  return `${name.padEnd(12)}${terminalLine(value)}\n`;
}

/** The call does not repeat the arguments its intent carried, so each part comes from whichever record has it. */
function showPayload(call: Payload | null, intent: Payload | null, context: CommandContext): void {
  const args = call?.args ?? intent?.args;
  const blocks: [string, string | undefined][] = [
    [
      "arguments",
      args === undefined ? undefined : typeof args === "string" ? args : JSON.stringify(args, null, 2),
    ],
    ["result", call?.result],
    ["error", call?.error],
  ];
  for (const [title, text] of blocks) {
    if (text === undefined) continue;
    context.out(`${tone(context, "strong", title)} (as captured, untrusted)\n${terminalBlock(text)}\n`);
  }
  if (call === null && intent === null) context.out("no payload is stored\n");
}
