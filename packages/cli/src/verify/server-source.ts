import { openSealedReader, type SealedReader, sealedBlock } from "@tripline/store";
import type {
  PartitionOf,
  PartitionRows,
  PlacedRow,
  RecordSource,
  StoredBlock,
  StrayRange,
} from "@tripline/verify";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { AnswerSize } from "./answer-size.ts";
import { AskedAgain } from "./asked-again.ts";

const IDS = 500; // of one question

/** Records straight from a ClickHouse server, as any user who may read. */
export class ServerSource implements RecordSource {
  readonly #sealed: SealedReader;
  readonly #signal: AbortSignal;
  readonly #size = new AnswerSize();
  readonly #asked: AskedAgain;
  readonly close: () => Promise<void>;

  private constructor(sealed: SealedReader, close: () => Promise<void>, signal: AbortSignal) {
    this.#sealed = sealed;
    this.#signal = signal;
    this.#asked = new AskedAgain(signal);
    this.close = close;
  }

  /** User and password are in the environment (TRIPLINE_STORE_USER, TRIPLINE_STORE_PASSWORD): others would see an option. */
  static open(address: string, context: CommandContext): ServerSource {
    if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
      throw new CommandFailed(
        EXIT.usage,
        "--store: expected a ClickHouse server's URL, as http://127.0.0.1:8123",
      );
    const url = new URL(address);
    const database = url.pathname.slice(1);
    url.pathname = "";
    const { sealed, close } = openSealedReader({
      url: url.href,
      username: context.env.TRIPLINE_STORE_USER,
      password: context.env.TRIPLINE_STORE_PASSWORD,
      ...(database === "" ? {} : { database }),
    });
    return new ServerSource(sealed, close, context.signal);
  }

  get most(): number {
    return this.#size.positions;
  }

  async read(of: PartitionOf, from: number, to: number): Promise<StoredBlock> {
    const columns = await this.#asked.for(() =>
      this.#sealed.columns({ ...of, from, to }, { signal: this.#signal }),
    );
    this.#size.answered(to - from, columns.records.bytes.length + columns.payloads.bytes.length);
    return sealedBlock(columns);
  }

  exact(of: PartitionOf, from: number, to: number): Promise<StoredBlock> {
    return this.#sealed.exact({ ...of, from, to }, { signal: this.#signal });
  }

  async byId(ids: readonly string[]): Promise<PlacedRow[]> {
    const found: PlacedRow[] = [];
    for (let from = 0; from < ids.length; from += IDS)
      found.push(...(await this.#sealed.byId(ids.slice(from, from + IDS), { signal: this.#signal })));
    return found;
  }

  strays(range: StrayRange): Promise<PlacedRow[]> {
    return this.#sealed.strays(range, { signal: this.#signal });
  }

  erasures(): Promise<PlacedRow[]> {
    return this.#sealed.erasures({ signal: this.#signal });
  }

  partitions(): Promise<PartitionRows[]> {
    return this.#sealed.partitions({ signal: this.#signal });
  }
}
