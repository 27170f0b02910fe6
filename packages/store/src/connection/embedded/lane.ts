import { setTimeout as delay } from "node:timers/promises";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { TriplineError } from "@tripline/events";
import type { ChdbConnection } from "chdb/connection";
import { aborted, queryError } from "../../errors.ts";
import type { Row } from "../../sql/row.ts";
import type { NativeAnswer } from "../database.ts";
import { type MarkedQuery, ownRows } from "../marked-query.ts";
import { wholeOf } from "../whole-of.ts";
import { clientConnection } from "./client-connection.ts";
import type { Engine } from "./engine.ts";

const KILL_AGAIN_MS = 100; // a query that was not running yet at the first KILL runs by then
const GRACE_MS = 2_000; // beyond max_execution_time, which the engine checks only between blocks
const FLUSH_TRIES = 3; // one was always enough

/** Ends the query that carries this mark, from another connection. */
export type Kill = (mark: string) => Promise<void>;

export interface Asked<T> {
  /** The caller's answer; rejects at once when the caller aborts. */
  answer: Promise<T>;
  /** Resolves when the lane can be used again: the engine is done with the query, and flushed if it failed. */
  settled: Promise<void>;
}

/** One connection to the engine. Callers see to it that it runs one thing at a time. */
export class Lane {
  readonly #engine: Engine;
  #connection: ChdbConnection;
  #client: ClickHouseClient;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#connection = engine.connect();
    this.#client = openClient(this.#connection);
  }

  ask(query: MarkedQuery, seconds: number, signal: AbortSignal | undefined, kill: Kill): Asked<Row[]> {
    const answered = this.#query(query).then((rows) => ownRows(query, rows));
    return this.#follow(answered, { query, seconds, signal, kill });
  }

  /** The same, in the Native format. */
  askNative(
    query: MarkedQuery,
    seconds: number,
    signal: AbortSignal | undefined,
    kill: Kill,
  ): Asked<NativeAnswer> {
    const answered = this.#native(query).then((bytes) => ({ bytes, mark: query.mark }));
    return this.#follow(answered, { query, seconds, signal, kill });
  }

  #follow<T>(
    answered: Promise<T>,
    {
      query,
      seconds,
      signal,
      kill,
    }: { query: MarkedQuery; seconds: number; signal: AbortSignal | undefined; kill: Kill },
  ): Asked<T> {
    const failed = answered.then(
      () => false,
      () => true,
    );
    const ended = new AbortController();
    const over = AbortSignal.any([
      AbortSignal.timeout(seconds * 1000 + GRACE_MS),
      ...(signal === undefined ? [] : [signal]),
    ]);
    const answer = new Promise<T>((resolve, reject) => {
      over.addEventListener("abort", () => reject(aborted()), { once: true, signal: ended.signal });
      if (over.aborted) reject(aborted());
      answered.then(resolve, (error: unknown) => reject(queryError(error)));
    });
    const settled = (async () => {
      const killing = this.#killWhenOver(query.mark, over, ended.signal, kill);
      const mustFlush = await failed;
      ended.abort();
      await killing;
      if (mustFlush) await this.flush();
    })();
    return { answer, settled };
  }

  /** Inserts through the engine's own fast path; @see Database.insert */
  async insert(table: string, columns: readonly string[], body: Buffer, token: string): Promise<void> {
    try {
      await this.#connection.chdb.rawInsert({
        table,
        columns: [...columns],
        values: body,
        format: "JSONCompactEachRow",
        settings: insertSettings(token),
      });
    } catch (error) {
      await this.flush();
      throw error;
    }
  }

  /** A statement without a result, of this package's own text. */
  async command(statement: string): Promise<void> {
    try {
      await this.#client.command({ query: statement });
    } catch (error) {
      await this.flush();
      throw error;
    }
  }

  /**
   * Hazard: after a query that failed late, its partial rows come back as the start of the connection's next result.
   * Runs throw-away queries until one answers with nothing but its own row; else replaces the connection.
   */
  async flush(): Promise<void> {
    for (let attempt = 0; attempt < FLUSH_TRIES; attempt++) {
      const thrownAway = await this.#text("SELECT 1").catch(() => null);
      const seen = await this.#text("SELECT 'flushed'").catch(() => null);
      if (thrownAway !== null && seen === '["flushed"]\n') return;
    }
    await this.#connection.close();
    this.#connection = this.#engine.connect();
    this.#client = openClient(this.#connection);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #query(query: MarkedQuery): Promise<unknown[]> {
    const result = await this.#client.query({
      query: query.text,
      format: "JSONEachRow",
      ...(Object.keys(query.params).length === 0 ? {} : { query_params: query.params }),
    });
    const text = await result.text();
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map(parseLine);
  }

  async #native({ text, params }: MarkedQuery): Promise<Buffer> {
    const { stream } = await this.#connection.query({
      query: `${text} FORMAT Native`,
      ...(Object.keys(params).length === 0 ? {} : { query_params: params }),
    });
    return wholeOf(stream);
  }

  async #text(statement: string): Promise<string> {
    const result = await this.#client.query({ query: statement, format: "JSONCompactEachRow" });
    return result.text();
  }

  /** An abort only rejects the caller's promise; the engine computes on until it is told to stop. */
  async #killWhenOver(mark: string, over: AbortSignal, ended: AbortSignal, kill: Kill): Promise<void> {
    if (!over.aborted) {
      await new Promise<void>((resolve) => {
        over.addEventListener("abort", () => resolve(), { once: true, signal: ended });
        ended.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    while (!ended.aborted) {
      await kill(mark);
      await delay(KILL_AGAIN_MS, undefined, { signal: ended }).catch((error: unknown) => {
        if (!ended.aborted) throw error;
      });
    }
  }
}

function openClient(connection: ChdbConnection): ClickHouseClient {
  // Its log would quote statements; errors come back to the caller.
  return createClient({ connection: clientConnection(connection), log: { level: ClickHouseLogLevel.OFF } });
}

function insertSettings(token: string): Record<string, string | number> {
  return {
    insert_deduplication_token: token,
    async_insert: 0, // on by default in this version: acknowledged before it is written
    max_execution_time: 50, // s; a batch takes some 0.1 s
    input_format_parallel_parsing: 0, // one batch is one block, and so protected whole by its token
    date_time_input_format: "best_effort", // RFC 3339 as it is on the wire
  };
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new TriplineError("TRIPLINE_STORE_FOREIGN_ROWS", "the engine's answer is not whole lines of JSON", {
      kind: "retriable",
      cause,
    });
  }
}
