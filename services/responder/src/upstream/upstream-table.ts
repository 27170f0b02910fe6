import { TOPICS, type Upstream, upstreamKey, upstreamSchema } from "@tripline/events";
import { counter, type ServiceContext } from "@tripline/service";
import type { Log, TableEntry, TableReader } from "@tripline/stream";

/** The upstream topic, in memory and kept current: how far each revocation is at each issuer. */
export class UpstreamTable {
  readonly #log: Log;
  readonly #held = new Map<string, { state: Upstream; offset: number }>();
  /** Keys of what is being worked at: few, where those that rest may be many. */
  readonly #unfinished = new Set<string>();
  readonly #revokers = new Set<string>();
  readonly #invalid;
  #reader: TableReader | undefined;

  constructor(log: Log, context: ServiceContext) {
    this.#log = log;
    this.#invalid = counter(context.metrics, {
      name: "tripline_responder_upstream_entries_refused_total",
      help: "Entries of the upstream topic that can't be read",
    });
  }

  /** Resolves when all that is there now was read. */
  async open(): Promise<TableReader> {
    const reader = await this.#log.readTable(TOPICS.upstream, (entry) => this.#take(entry));
    this.#reader = reader;
    try {
      await reader.loaded;
    } catch (error) {
      await this.close();
      throw error;
    }
    return reader;
  }

  async close(): Promise<void> {
    await this.#reader?.close();
    this.#reader = undefined;
  }

  get(key: string): Upstream | undefined {
    return this.#held.get(key)?.state;
  }

  keys(): IterableIterator<string> {
    return this.#held.keys();
  }

  /** Keys of what was not brought to an end. */
  unfinished(): string[] {
    return [...this.#unfinished];
  }

  /** Names of the revokers that anything was ever wanted of. */
  revokers(): string[] {
    return [...this.#revokers];
  }

  /** What of ours made this revoker's issuer refuse the credential and was not lifted since, for whatever revocation. */
  ours({ tenant, subject, revoker }: Pick<Upstream, "tenant" | "subject" | "revoker">): Upstream[] {
    const ours = [...this.#held.values()].filter(
      ({ state }) =>
        state.tenant === tenant &&
        state.subject === subject &&
        state.revoker === revoker &&
        state.ours &&
        state.stage !== "lifted",
    );
    return ours.map(({ state }) => state);
  }

  /** Resolves when it is durable. Rejects with a retriable error when the log can't take it now. */
  async write(state: Upstream): Promise<void> {
    const key = upstreamKey(state);
    const value = new TextEncoder().encode(JSON.stringify(upstreamSchema.parse(state)));
    const headers = { "content-type": "application/json" };
    const [position] = await this.#log.produce(TOPICS.upstream, [{ key, value, headers }]);
    if (position === undefined) throw new Error("the log answered without the position of the entry");
    this.#apply(key, state, position.offset);
  }

  /** Of one key the entry with the higher offset counts, in whatever order topic and own writes come. */
  #apply(key: string, state: Upstream, offset: number): void {
    const known = this.#held.get(key);
    if (known !== undefined && known.offset > offset) return;
    this.#held.set(key, { state, offset });
    this.#revokers.add(state.revoker);
    if (state.stage === "wanted" || state.stage === "acknowledged") this.#unfinished.add(key);
    else this.#unfinished.delete(key);
  }

  #take({ key, value, offset }: TableEntry): void {
    if (value === null) {
      const known = this.#held.get(key);
      if (known === undefined || known.offset > offset) return;
      this.#held.delete(key);
      this.#unfinished.delete(key);
      return;
    }
    const state = parsed(value);
    if (state === undefined || upstreamKey(state) !== key) this.#invalid.inc();
    else this.#apply(key, state, offset);
  }
}

function parsed(value: Uint8Array): Upstream | undefined {
  try {
    return upstreamSchema.safeParse(JSON.parse(new TextDecoder().decode(value))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
