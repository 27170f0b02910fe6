import { decodeBlock, decodeColumns, decodePlaced, sealedBlock } from "@tripline/store";
import type {
  PartitionOf,
  PartitionRows,
  PlacedRow,
  RecordSource,
  StoredBlock,
  StrayRange,
} from "@tripline/verify";
import { z } from "zod";
import { requestBytes } from "../api/bytes.ts";
import { createApiClient } from "../api/client.ts";
import type { Connection } from "../connection/connection.ts";
import { AnswerSize } from "./answer-size.ts";
import { AskedAgain } from "./asked-again.ts";

const POSITIONS = 32_768; // of one question of `records`: the service takes no more
const IDS = 200; // of one question: the service takes no more

const partitionsAnswer = z.looseObject({
  partitions: z.array(
    z.looseObject({ generation: z.string(), partition: z.number(), rows: z.number(), highest: z.number() }),
  ),
});

/** Records of a running service, through its API. */
export class ApiSource implements RecordSource {
  readonly #connection: Connection;
  readonly #signal: AbortSignal;
  readonly #size = new AnswerSize();
  readonly #asked: AskedAgain;

  constructor(connection: Connection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
    this.#asked = new AskedAgain(signal);
  }

  get most(): number {
    return this.#size.positions;
  }

  async read(of: PartitionOf, from: number, to: number): Promise<StoredBlock> {
    const bytes = await this.#asked.for(() => this.#bytes("columns", { ...of, from, to }));
    this.#size.answered(to - from, bytes.length);
    return sealedBlock(decodeColumns(bytes));
  }

  async exact(of: PartitionOf, from: number, to: number): Promise<StoredBlock> {
    const blocks: StoredBlock[] = [];
    for (let start = from; start < to; start += POSITIONS) {
      const query = { ...of, from: start, to: Math.min(to, start + POSITIONS), exact: true };
      blocks.push(decodeBlock(await this.#bytes("records", query)));
    }
    return {
      rows: blocks.flatMap(({ rows }) => rows),
      payloads: blocks.flatMap(({ payloads }) => payloads),
      letters: blocks.flatMap(({ letters }) => letters),
    };
  }

  async byId(ids: readonly string[]): Promise<PlacedRow[]> {
    const found: PlacedRow[] = [];
    for (let from = 0; from < ids.length; from += IDS) {
      const some = ids.slice(from, from + IDS).join(",");
      found.push(...decodePlaced(await this.#bytes("records-by-id", { ids: some })));
    }
    return found;
  }

  async strays({ since, until, besides, skip }: StrayRange): Promise<PlacedRow[]> {
    const looked = besides.map(({ generation, partition, from, to }) =>
      [generation, partition, from, to].join(":"),
    );
    return decodePlaced(
      await this.#bytes("strays", {
        ...(since === null ? {} : { since }),
        ...(until === null ? {} : { until }),
        ...(looked.length === 0 ? {} : { besides: looked.join(",") }),
        skip,
      }),
    );
  }

  async erasures(): Promise<PlacedRow[]> {
    return decodePlaced(await this.#bytes("erasures", {}));
  }

  async partitions(): Promise<PartitionRows[]> {
    const client = createApiClient(this.#connection, this.#signal);
    return (await client.request("GET", "/api/ledger/partitions", partitionsAnswer)).partitions;
  }

  #bytes(what: string, query: Readonly<Record<string, string | number | boolean>>): Promise<Uint8Array> {
    return requestBytes(this.#connection, `/api/ledger/${what}`, query, this.#signal);
  }
}
