import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type ConnectedInterceptor, connectInterceptor } from "@tripline/interceptor";
import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { stringify } from "yaml";
import { z } from "zod";
import { anyAnswer, type RevocationAnswer, revocationAnswer } from "../api/answers.ts";
import { type ApiClient, createApiClient } from "../api/client.ts";
import { resolveConnection } from "../connection/connection.ts";
import type { CommandContext } from "../context.ts";
import { runDangerousChain } from "../demo/dangerous-chain.ts";
import { type ServiceChild, startService } from "../demo/service-child.ts";
import { type ReceivedAlert, startWebhookReceiver, type WebhookReceiver } from "../demo/webhook-receiver.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { tone } from "../output/print.ts";
import { replay } from "../replay/replayer.ts";
import { readTools, readTraces } from "../replay/trace-file.ts";
import { duration } from "../time/show.ts";
import { severityTone } from "./alerts.ts";
import { globals } from "./command.ts";
import { atLeast } from "./options.ts";
import { callerOf } from "./replay.ts";

const SAMPLES = fileURLToPath(new URL("../../samples/", import.meta.url));
const CREDENTIAL = "local:demo-agent";
const RULE = "secret-read-then-sent";
const STORED_TIMEOUT_MS = 20_000;
const POLL_MS = 100;

const enrolledAnswer = z.looseObject({ key: z.string() });

interface Options {
  port: number;
  exit?: boolean;
}

/** `tripline demo`: recorded agents at work, then one that goes wrong and is stopped. */
export function addDemo(program: Command, context: CommandContext): void {
  program
    .command("demo")
    .summary("see it work: recorded agents, then one that goes wrong and is stopped")
    .description(
      "Starts Tripline on a fresh data directory (or uses the one that --url names), replays recorded agent runs, then lets an " +
        "agent read a key and mail it away. Shows the alert, the revocation, the refused next call and the time it took; " +
        "then leaves the console open until Ctrl-C.",
    )
    .option("--port <n>", "port of the demo's service; 0: any free one", atLeast(0), 4180)
    .option("--exit", "end after the show")
    .action(async (options: Options, command: Command) => {
      const say = (text: string) => context.out(`${text}\n`);
      const closing: (() => Promise<void>)[] = [];
      try {
        const stage = await setUp(options, command, context, closing, say);
        await show(stage, context, say);
        say(`\nThe console: ${tone(context, "strong", `${stage.client.url}/#token=${stage.token}`)}`);
        if (options.exit !== true) {
          say("Look around; Ctrl-C ends the demo.");
          await until(context.signal);
        }
      } finally {
        for (const close of closing.reverse()) await close();
      }
    });
}

/** Everything the demo plays on. */
interface Stage {
  client: ApiClient;
  token: string;
  interceptor: ConnectedInterceptor;
  alerts: ReceivedAlert[];
}

async function setUp(
  options: Options,
  command: Command,
  context: CommandContext,
  closing: (() => Promise<void>)[],
  say: (text: string) => void,
): Promise<Stage> {
  const alerts: ReceivedAlert[] = [];
  const given = globals(command);
  const remote = given.url !== undefined || context.env.TRIPLINE_URL !== undefined;
  const state = mkdtempSync(join(tmpdir(), "tripline-demo-"));
  closing.push(async () => rmSync(state, { recursive: true, force: true }));
  let connection: { url: string; token: string };
  if (remote) connection = resolveConnection(given, context);
  else {
    const receiver = await startWebhookReceiver((alert) => alerts.push(alert));
    closing.push(() => receiver.close());
    const data = given.data === undefined ? join(state, "data") : resolve(given.data);
    const service = await startOwnService(data, options.port, receiver, context, say);
    closing.push(() => service.stop());
    connection = service.client;
  }
  const client = createApiClient(connection, context.signal);
  const producer = `demo-${randomBytes(3).toString("hex")}`;
  const { key } = await client.request("POST", "/v1/producers", enrolledAnswer, {
    body: { id: producer, issuers: ["local"], credentials: [CREDENTIAL] },
  });
  if (remote)
    closing.push(async () => void (await client.request("DELETE", `/v1/producers/${producer}`, anyAnswer)));
  await client.request("PUT", `/api/response/rules/${RULE}`, anyAnswer, {
    body: { enabled: true, credentials: [CREDENTIAL] },
  });
  const interceptor = await connectInterceptor({
    url: connection.url,
    ingestKey: key,
    stateDir: join(state, "interceptor"),
    onWarning: (warning) => context.err(`tripline: ${warning.message}\n`),
  });
  closing.push(() => interceptor.close());
  return { client, token: connection.token, interceptor, alerts };
}

async function startOwnService(
  data: string,
  port: number,
  receiver: WebhookReceiver,
  context: CommandContext,
  say: (text: string) => void,
): Promise<ServiceChild> {
  if (existsSync(data)) {
    throw new CommandFailed(EXIT.usage, `${data} exists: the demo makes a fresh data directory of its own`);
  }
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const secretFile = join(data, "demo-webhook.secret");
  writeFileSync(secretFile, `${receiver.secret}\n`, { mode: 0o600 });
  const webhooks = [{ name: "demo", url: receiver.url, secret_file: secretFile }];
  writeFileSync(join(data, "response.yaml"), stringify({ webhooks }), { mode: 0o600 });
  say("Starting Tripline …");
  const began = performance.now();
  const service = await startService({ data, port, env: context.env }, context.signal);
  say(`  ready after ${duration(performance.now() - began)} at ${service.client.url} (data: ${data})`);
  return service;
}

async function show(stage: Stage, context: CommandContext, say: (text: string) => void): Promise<void> {
  const { client, interceptor, alerts } = stage;
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

  say(`\nAn agent with the credential ${CREDENTIAL} now`);
  const caller = {
    credential: CREDENTIAL,
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
  const told = await soon(() => alerts.find((alert) => alert.id === refusal.revocationId), context.signal);
  say("");
  if (told !== undefined) {
    say(
      `${tone(context, severityTone(told.severity), told.severity.toUpperCase())}  ${terminalLine(told.summary)}`,
    );
    say("  (as the webhook received it, signature checked)");
  }
  say(measures(revocation, context));
  say(`\n  why:  tripline alert ${refusal.revocationId.slice(0, 12)}`);
  say(`  undo: tripline reinstate ${refusal.revocationId.slice(0, 12)} --reason "a demo"`);
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

async function until(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const alive = setInterval(() => undefined, 60_000); // nothing else holds the process open
    signal.addEventListener(
      "abort",
      () => {
        clearInterval(alive);
        resolve();
      },
      { once: true },
    );
  });
}
