import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ConnectedInterceptor } from "@tripline/interceptor";
import { stringify } from "yaml";
import { z } from "zod";
import { anyAnswer, ruleResponseAnswer } from "../api/answers.ts";
import { type ApiClient, createApiClient } from "../api/client.ts";
import { type Connection, type ConnectionOptions, resolveConnection } from "../connection/connection.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { duration } from "../time/show.ts";
import { type ServiceChild, startService } from "./service-child.ts";
import { type ReceivedAlert, startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

const RULE = "secret-read-then-sent";

const enrolledAnswer = z.looseObject({ key: z.string() });

/** Everything the demo plays on. */
export interface Stage {
  client: ApiClient;
  /** Of the agent that goes wrong. One of its own in a service that stays, where an earlier demo's is still refused. */
  credential: string;
  /** Where a person signs in; for a service that was there before, without the token. */
  consoleUrl: string;
  /** How to ask this service from a shell: `npx tripline` and the flags that find it. */
  command: string;
  interceptor: ConnectedInterceptor;
  /** What the webhook received so far. */
  alerts: readonly ReceivedAlert[];
}

/** Takes a stage down again, last built first. */
export type Closer = () => Promise<void>;

/**
 * Builds the stage: a service of its own with a webhook, or the one that is named; a producer whose key proves the demo's
 * credential; automatic revocation on for that credential and one rule. What was changed in a named service is put back.
 * @param closing gets what has to be undone, also when the building fails half-way
 */
export async function setUp(
  options: ConnectionOptions & { port: number },
  context: CommandContext,
  closing: Closer[],
  say: (text: string) => void,
): Promise<Stage> {
  const alerts: ReceivedAlert[] = [];
  const state = mkdtempSync(join(tmpdir(), "tripline-demo-"));
  closing.push(async () => rmSync(state, { recursive: true, force: true }));
  const named = options.url !== undefined || context.env.TRIPLINE_URL !== undefined;
  let connection: Connection;
  let command = "npx tripline";
  if (named) connection = resolveConnection(options, context);
  else {
    const receiver = await startWebhookReceiver((alert) => alerts.push(alert));
    closing.push(() => receiver.close());
    const data = options.data === undefined ? join(state, "data") : resolve(options.data);
    command += ` --data ${data}`;
    const service = await startOwnService(data, options.port, receiver, context, say);
    closing.push(() => service.stop());
    connection = service.client;
  }
  const client = createApiClient(connection, context.signal);
  const id = `demo-${randomBytes(3).toString("hex")}`;
  const credential = named ? `local:${id}` : "local:demo-agent";
  const ingestKey = await enrol({ id, credential, restore: named ? connection : null }, client, closing);
  const { connectInterceptor } = await import("@tripline/interceptor"); // late: costs each command 100 ms
  const interceptor = await connectInterceptor({
    url: connection.url,
    ingestKey,
    stateDir: join(state, "interceptor"),
    onWarning: (warning) => context.err(`tripline: ${warning.message}\n`),
  });
  closing.push(() => interceptor.close());
  const consoleUrl = named ? connection.url : `${connection.url}/#token=${connection.token}`;
  return { client, credential, consoleUrl, command, interceptor, alerts };
}

/** @param restore the service to put back as it was; null for one that ends with the demo */
async function enrol(
  { id, credential, restore }: { id: string; credential: string; restore: Connection | null },
  client: ApiClient,
  closing: Closer[],
): Promise<string> {
  const rulePath = `/api/response/rules/${RULE}`;
  if (restore !== null) {
    const before = await client.request("GET", rulePath, ruleResponseAnswer);
    const later = createApiClient(restore, new AbortController().signal); // works on after Ctrl-C
    closing.push(async () => {
      await later.request("PUT", rulePath, anyAnswer, { body: before });
      await later.request("DELETE", `/v1/producers/${id}`, anyAnswer);
    });
  }
  const { key } = await client.request("POST", "/v1/producers", enrolledAnswer, {
    body: { id, issuers: ["local"], credentials: [credential] },
  });
  await client.request("PUT", rulePath, anyAnswer, {
    body: { enabled: true, credentials: [credential] },
  });
  return key;
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
  const response = {
    notifiers: [{ name: "demo", type: "webhook", url: receiver.url, secret: { file: secretFile } }],
    egress: { allow_internal: ["127.0.0.1"] },
  };
  writeFileSync(join(data, "response.yaml"), stringify(response), { mode: 0o600 });
  say("Starting Tripline …");
  const began = performance.now();
  const service = await startService({ data, port, env: context.env }, context.signal);
  say(`  ready after ${duration(performance.now() - began)} at ${service.client.url} (data: ${data})`);
  return service;
}
