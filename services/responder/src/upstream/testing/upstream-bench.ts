import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Alert,
  alertSchema,
  type Envelope,
  parseRecord,
  type Revocation,
  TOPIC_CLEANUP,
  TOPICS,
} from "@tripline/events";
import { loadOrCreateSigningKey, type Revoker, type SigningKey } from "@tripline/response";
import { createContext, createRecordProducer } from "@tripline/service";
import { createMemoryLog, type Log } from "@tripline/stream";
import { waitFor } from "../../../../../test/support/wait-for.ts";
import { decisionRecords } from "../../decision-records.ts";
import { followRevocations } from "../../revoke/revocation-table.ts";
import { RevocationView } from "../../revoke/revocation-view.ts";
import { RevocationWriter } from "../../revoke/revocation-writer.ts";
import { parseResponseConfig } from "../../settings/response-yaml.ts";
import { openRevokers } from "../../settings/revokers.ts";
import { UpstreamDesk } from "../upstream-desk.ts";

type Decision = NonNullable<Envelope["decision"]>;

let counter = 0;

/** For tests: the desk on a memory log. The log outlives restarts, also those after a crash. */
export class UpstreamBench {
  readonly log: Log;
  readonly decisions: Decision[] = [];
  readonly alerts: Alert[] = [];
  /** ms since the epoch; settable */
  clock: () => number = Date.now;
  yaml = "";
  readonly #dir: string;
  readonly #key: SigningKey;
  #running: { desk: UpstreamDesk; writer: RevocationWriter; stop(): Promise<void> } | undefined;

  private constructor(dir: string, log: Log) {
    this.#dir = dir;
    this.log = log;
    this.#key = loadOrCreateSigningKey(dir);
  }

  static async create(log: Log = createMemoryLog(), partitions = 1): Promise<UpstreamBench> {
    const bench = new UpstreamBench(await mkdtemp(join(tmpdir(), "tripline-upstream-")), log);
    const names = Object.entries(TOPIC_CLEANUP);
    await log.ensureTopics(names.map(([name, cleanup]) => ({ name, partitions, cleanup })));
    const text = (value: Uint8Array | null) => new TextDecoder().decode(value ?? new Uint8Array(0));
    await log.consume({
      topic: TOPICS.events,
      group: "bench",
      onAssigned: async () => ({
        startAt: 0,
        onBatch: async (records) => {
          for (const { value } of records) {
            const { decision } = parseRecord(text(value)).envelope;
            if (decision !== undefined) bench.decisions.push(decision);
          }
        },
      }),
    });
    await log.consume({
      topic: TOPICS.alerts,
      group: "bench",
      onAssigned: async () => ({
        startAt: 0,
        onBatch: async (records) => {
          for (const { value } of records) bench.alerts.push(alertSchema.parse(JSON.parse(text(value))));
        },
      }),
    });
    return bench;
  }

  /** A second responder with the same key, settings and log. */
  async another(): Promise<UpstreamBench> {
    const other = new UpstreamBench(this.#dir, this.log);
    other.yaml = this.yaml;
    return other;
  }

  get desk(): UpstreamDesk {
    if (this.#running === undefined) throw new Error("start the bench first");
    return this.#running.desk;
  }

  /** Takes a credential away while no desk runs. */
  async revokeUnattended(subject: string): Promise<Revocation> {
    const writer = new RevocationWriter({ log: this.log, key: this.#key, view: new RevocationView() });
    return this.#revoke(writer, subject, {});
  }

  async start(): Promise<void> {
    const { log } = this;
    const context = createContext({ service: "test", logLevel: "silent", now: () => this.clock() });
    const producer = createRecordProducer({ log, producerId: "responder", context });
    await producer.part.start();
    const view = new RevocationView();
    const keys = [{ id: this.#key.id, public_key: this.#key.publicKey }];
    const table = await followRevocations({ log, view, keys, context });
    const desk = new UpstreamDesk({
      log,
      view,
      records: decisionRecords(producer),
      keys,
      context,
      sweepEveryMs: 50,
      deadlines: () => parseResponseConfig(this.yaml).deadlines,
    });
    desk.use(this.revokers());
    await desk.start();
    const writer = new RevocationWriter({ log, key: this.#key, view });
    this.#running = {
      desk,
      writer,
      stop: async () => {
        await desk.stop();
        await table.close();
        await producer.part.stop();
        await context.close();
      },
    };
  }

  /** As the settings are now. */
  revokers(): Revoker[] {
    const config = parseResponseConfig(this.yaml);
    return openRevokers(
      { ...config, egress: { allow_internal: ["127.0.0.1"] } },
      { env: {}, now: () => this.clock() },
    );
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    await this.log.close();
    await rm(this.#dir, { recursive: true });
  }

  /** Takes a credential away. */
  revoke(subject: string, changes: Partial<Revocation> = {}): Promise<Revocation> {
    return this.#revoke(this.#writer(), subject, changes);
  }

  async #revoke(
    writer: RevocationWriter,
    subject: string,
    changes: Partial<Revocation>,
  ): Promise<Revocation> {
    counter += 1;
    const entry: Revocation = {
      v: 1,
      id: `rev-${counter}`,
      tenant: "acme",
      scope: "credential",
      subject,
      state: "active",
      reason: "stolen",
      by: "policy",
      decided_at: new Date(this.clock()).toISOString(),
      ...changes,
    };
    await writer.write(entry);
    return entry;
  }

  async reinstate(entry: Revocation): Promise<void> {
    const reinstated_at = new Date(this.clock()).toISOString();
    await this.#writer().write({ ...entry, state: "reinstated", reinstated_at });
  }

  /** What was decided about an entry, by kind, once `kind` is among it. */
  async decided(entry: Revocation, kind: Decision["kind"], times = 1): Promise<Decision[]> {
    const about = () => this.decisions.filter(({ revocation_id }) => revocation_id === entry.id);
    return waitFor(() => about().filter((decision) => decision.kind === kind).length >= times && about(), {
      what: `${kind} of ${entry.subject}; there is ${about().map(({ kind: k, reason }) => `${k} (${reason})`)}`,
    });
  }

  #writer(): RevocationWriter {
    if (this.#running === undefined) throw new Error("start the bench first");
    return this.#running.writer;
  }
}
