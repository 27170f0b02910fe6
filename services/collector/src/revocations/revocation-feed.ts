import { revocationKey, signedRevocationSchema, TOPICS } from "@tripline/events";
import { counter, gauge, type Part, type PartHealth, type ServiceContext } from "@tripline/service";
import type { Log, TableEntry, TableReader } from "@tripline/stream";
import { FrameTable } from "./frame-table.ts";
import { RevocationStream } from "./revocation-stream.ts";

const COMMENT_EVERY_MS = 15_000; // below the idle limits of common proxies (30–60 s)
const STALLED_MS = 45_000; // three comments that could not be delivered

interface Client {
  stream: RevocationStream;
  producerId: string;
}

/** What one tenant's interceptors share. */
interface TenantList {
  /** by log key */
  frames: FrameTable;
  clients: Set<Client>;
}

/** Reads the revocations topic once, and hands each tenant's entries to that tenant's interceptors. */
export class RevocationFeed {
  readonly part: Part;
  readonly #context: ServiceContext;
  readonly #isEnrolled: (producerId: string) => boolean;
  readonly #directory: string | null;
  readonly #tenants = new Map<string, TenantList>();
  /** Who waits for verdicts. */
  readonly #boots = new Map<string, Client>();
  readonly #metrics: ReturnType<typeof feedMetrics>;
  #reader: TableReader | undefined;
  #timer: NodeJS.Timeout | undefined;
  #health: PartHealth = { state: "starting" };

  constructor(deps: {
    log: Pick<Log, "readTable">;
    context: ServiceContext;
    /** asked every 15 s for those that are connected: a revoked key gets no more entries */
    isEnrolled: (producerId: string) => boolean;
    /** where the entries are kept in a file nobody else sees; default: in memory */
    directory?: string | undefined;
  }) {
    this.#directory = deps.directory ?? null;
    this.#context = deps.context;
    this.#isEnrolled = deps.isEnrolled;
    this.#metrics = feedMetrics(deps.context);
    this.part = {
      name: "collector",
      start: () => this.#start(deps.log),
      stop: () => this.#stop(),
      health: () => this.#health,
    };
  }

  /**
   * A stream for a new client. Only after the part has started: before that the list is not whole.
   * @param boot of the producer, where it wants to be told verdicts
   */
  open(producer: { id: string; tenant: string }, boot?: string): RevocationStream {
    const tenant = this.#tenant(producer.tenant);
    const client: Client = { stream: new RevocationStream(tenant.frames.frames()), producerId: producer.id };
    tenant.clients.add(client);
    const place =
      boot === undefined ? null : placeOf({ tenant: producer.tenant, producer: producer.id, boot });
    if (place !== null) this.#boots.set(place, client);
    this.#metrics.clients.inc();
    client.stream.once("close", () => {
      tenant.clients.delete(client);
      if (place !== null && this.#boots.get(place) === client) this.#boots.delete(place);
      this.#metrics.clients.dec();
    });
    return client.stream;
  }

  /** A frame for one boot of a producer. False when it is not connected here. */
  tell(to: { tenant: string; producer: string; boot: string }, frame: Buffer): boolean {
    const client = this.#boots.get(placeOf(to));
    if (client === undefined) return false;
    if (!client.stream.offer(frame)) this.#metrics.slow.inc();
    return true;
  }

  get isReady(): boolean {
    return this.#health.state === "ready";
  }

  async #start(log: Pick<Log, "readTable">): Promise<void> {
    this.#reader = await log.readTable(TOPICS.revocations, (entry) => this.#onEntry(entry));
    this.#reader.ended.catch((error: unknown) => {
      this.#context.logger.error({ err: error }, "the revocations can't be followed any more");
      this.#health = { state: "failed", detail: "the revocations can't be followed any more" };
    });
    await this.#reader.loaded;
    this.#timer = setInterval(() => this.#lookAfterClients(), COMMENT_EVERY_MS);
    this.#health = { state: "ready" };
  }

  async #stop(): Promise<void> {
    this.#health = { state: "stopped" };
    clearInterval(this.#timer);
    for (const { clients } of this.#tenants.values()) for (const { stream } of clients) stream.finish();
    await this.#reader?.close();
    for (const { frames } of this.#tenants.values()) frames.close();
  }

  #onEntry(entry: TableEntry): void {
    const [tenantId = ""] = entry.key.split("/", 1);
    const tenant = this.#tenant(tenantId);
    if (entry.value === null) {
      tenant.frames.delete(entry.key);
      return;
    }
    const text = entryText(entry.key, entry.value);
    if (text === null) {
      this.#metrics.invalid.inc();
      this.#context.logger.error(
        { partition: entry.partition, offset: entry.offset },
        "an entry of the revocations topic is none: only the responder may write there",
      );
      return;
    }
    const frame = Buffer.from(`id: ${entry.partition}-${entry.offset}\nevent: revocation\ndata: ${text}\n\n`);
    tenant.frames.set(entry.key, frame);
    for (const { stream } of tenant.clients) if (!stream.offer(frame)) this.#metrics.slow.inc();
  }

  #lookAfterClients(): void {
    for (const { clients } of this.#tenants.values()) {
      for (const { stream, producerId } of clients) {
        if (!this.#isEnrolled(producerId)) stream.finish();
        else if (!stream.comment(STALLED_MS)) this.#metrics.slow.inc();
      }
    }
  }

  #tenant(id: string): TenantList {
    const known = this.#tenants.get(id);
    if (known !== undefined) return known;
    const made: TenantList = { frames: new FrameTable(this.#directory), clients: new Set() };
    this.#tenants.set(id, made);
    return made;
  }
}

function placeOf({ tenant, producer, boot }: { tenant: string; producer: string; boot: string }): string {
  return `${tenant}/${producer}/${boot}`;
}

/** The entry on one line, or null when it is none or stands under a key that is not its own. Its signature is checked by who applies it. */
function entryText(key: string, value: Uint8Array): string | null {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(value).toString("utf8"));
  } catch {
    return null; // counted and logged by the caller
  }
  const parsed = signedRevocationSchema.safeParse(json);
  return parsed.success && revocationKey(parsed.data) === key ? JSON.stringify(parsed.data) : null;
}

function feedMetrics({ metrics }: ServiceContext) {
  return {
    clients: gauge(metrics, {
      name: "tripline_collector_revocation_clients",
      help: "Interceptors that follow the revocations",
    }),
    slow: counter(metrics, {
      name: "tripline_collector_slow_clients_total",
      help: "Interceptors that were cut off because they did not read",
    }),
    invalid: counter(metrics, {
      name: "tripline_collector_invalid_revocations_total",
      help: "Entries of the revocations topic that were not passed on",
    }),
  };
}
