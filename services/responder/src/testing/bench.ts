import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Alert,
  alertId,
  alertKey,
  type Envelope,
  parseRecord,
  type SignedRevocation,
  signedRevocationSchema,
  TOPIC_CLEANUP,
  TOPICS,
  uuidv7,
} from "@tripline/events";
import {
  AccessRegistry,
  createContext,
  createGuards,
  createHttpServer,
  createRecordProducer,
  createRedactionKeys,
  type Role,
} from "@tripline/service";
import { createMemoryLog, type Log, type LogRecord } from "@tripline/stream";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { createResponder, type Responder } from "../responder.ts";

/** For tests: a responder on a memory log with a real HTTP server in front of it. The log outlives restarts. */

export const SECRET = `whsec_${Buffer.from("a webhook's secret, for tests only").toString("base64")}`;

let counter = 0;

/** A finding about a verified key that may be revoked; each call makes another one. */
export function anAlert(changes: Partial<Alert> = {}): Alert {
  counter += 1;
  const recordId = uuidv7(Date.now(), Buffer.alloc(10, counter));
  const tenant = changes.tenant ?? "acme";
  const credential = changes.actor?.credential ?? "local:demo";
  const group = `credential=${credential}`;
  const now = new Date().toISOString();
  return {
    v: 1,
    id: alertId(tenant, "send", group, recordId),
    tenant,
    rule: { id: "send", title: "A secret was sent out", hash: "a".repeat(64) },
    severity: "high",
    time: now,
    detected_at: now,
    record_id: recordId,
    group,
    actor: { credential, assurance: "verified" },
    session: { id: "s-1", source: "mcp" },
    summary: "a secret was read and sent",
    why: "it may have left the company",
    next: [],
    evidence: [],
    response: { revocable: true, scope: "credential", subject: credential },
    ...changes,
  };
}

export class Bench {
  readonly dir: string;
  readonly log: Log;
  readonly port: number;
  readonly env: Record<string, string> = { HOOK: SECRET };
  /** ms since the epoch; settable */
  clock: () => number = Date.now;
  /** What was appended, as it came. */
  readonly revocations: SignedRevocation[] = [];
  readonly decisions: { tenant: string; decision: NonNullable<Envelope["decision"]> }[] = [];
  readonly order: string[] = [];
  #running: { responder: Responder; metrics(): Promise<string>; stop(): Promise<void> } | undefined;
  #access: AccessRegistry | undefined;

  constructor(dir: string, log: Log, port: number) {
    this.dir = dir;
    this.log = log;
    this.port = port;
  }

  static async create(
    port: number,
    yaml: string,
    log: Log = createMemoryLog(),
    partitions = 1,
  ): Promise<Bench> {
    const dir = await mkdtemp(join(tmpdir(), "tripline-responder-"));
    const bench = new Bench(dir, log, port);
    const names = Object.entries(TOPIC_CLEANUP);
    await log.ensureTopics(names.map(([name, cleanup]) => ({ name, partitions, cleanup })));
    await bench.configure(yaml);
    await log.consume({
      topic: TOPICS.events,
      group: "bench",
      onAssigned: async () => ({ startAt: 0, onBatch: async (records) => bench.#onEvents(records) }),
    });
    await log.readTable(TOPICS.revocations, ({ value }) => {
      bench.order.push("revocation");
      if (value !== null) bench.revocations.push(signedRevocationSchema.parse(JSON.parse(text(value))));
    });
    return bench;
  }

  get responder(): Responder {
    if (this.#running === undefined) throw new Error("start the bench first");
    return this.#running.responder;
  }

  /** What this start has measured, as Prometheus reads it. */
  async metrics(): Promise<string> {
    return (await this.#running?.metrics()) ?? "";
  }

  configure(yaml: string): Promise<void> {
    return writeFile(join(this.dir, "response.yaml"), yaml);
  }

  yaml(): Promise<string> {
    return readFile(join(this.dir, "response.yaml"), "utf8");
  }

  async start(): Promise<void> {
    const { log, dir } = this;
    const context = createContext({ service: "test", logLevel: "silent", now: () => this.clock() });
    const access = await AccessRegistry.open({
      path: join(dir, "access.json"),
      logger: context.logger,
      now: context.now,
    });
    const records = createRecordProducer({ log, producerId: "responder", context });
    const responder = createResponder({
      log,
      dataDir: dir,
      records,
      secrets: createRedactionKeys({ directory: join(dir, "keys"), now: context.now }),
      context,
      guards: createGuards(access),
      publicUrl: () => `http://127.0.0.1:${this.port}/`,
      env: this.env,
    });
    const http = createHttpServer({
      context,
      host: "127.0.0.1",
      port: this.port,
      publicHosts: [],
      allowedOrigins: [],
    });
    await http.app.register(responder.routes);
    const parts = [http.part, records.part, responder.part];
    this.#access = access;
    this.#running = {
      responder,
      metrics: () => context.metrics.metrics(),
      stop: async () => {
        for (const part of [...parts].reverse()) await part.stop();
        access.close();
        await context.close();
      },
    };
    for (const part of parts) await part.start();
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    await this.log.close();
    await rm(this.dir, { recursive: true });
  }

  async alert(...alerts: Alert[]): Promise<void> {
    const records = alerts.map((alert) => ({
      key: alertKey(alert.tenant, alert.id),
      value: new TextEncoder().encode(JSON.stringify(alert)),
    }));
    await this.log.produce(TOPICS.alerts, records);
  }

  /** The decision records about an alert, once there are as many as asked for. */
  async decided(alert: Alert, count = 1): Promise<NonNullable<Envelope["decision"]>[]> {
    const about = () =>
      this.decisions.filter(({ decision }) => decision.alert_id === alert.id).map(({ decision }) => decision);
    return waitFor(() => (about().length >= count ? about() : null), { what: `${count} decisions` });
  }

  /** Sends a request with a token of its own for these roles. */
  async call(
    as: { tenant?: string; roles: readonly Role[]; id?: string },
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    counter += 1;
    const person = { id: as.id ?? `ana-${counter}`, tenant: as.tenant ?? "acme", roles: as.roles };
    const made = await this.#access?.createPerson(person, { replace: true });
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${made?.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: Object(await response.json()) };
  }

  #onEvents(records: readonly LogRecord[]): void {
    for (const record of records) {
      const { envelope } = parseRecord(text(record.value ?? new Uint8Array(0)));
      if (envelope.decision === undefined) continue;
      this.order.push(envelope.decision.kind);
      this.decisions.push({ tenant: envelope.tenant, decision: envelope.decision });
    }
  }
}

export interface Delivery {
  headers: IncomingHttpHeaders;
  body: string;
  data: Record<string, unknown>;
}

/** A real receiver of webhooks; `status` is what it answers. */
export class Receiver {
  readonly deliveries: Delivery[] = [];
  readonly url: string;
  status = 204;
  readonly #port: number;
  #server: Server | undefined;

  constructor(port: number) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}/hook`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += String(chunk);
      });
      request.on("end", () => {
        this.deliveries.push({ headers: request.headers, body, data: Object(JSON.parse(body).data) });
        response.writeHead(this.status).end();
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise<unknown>((resolve) => (server === undefined ? resolve(null) : server.close(resolve)));
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
