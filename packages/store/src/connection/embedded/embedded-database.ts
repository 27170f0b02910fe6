import { closed, insertError, queryError } from "../../errors.ts";
import type { Row } from "../../sql/row.ts";
import type { Sql } from "../../sql/sql.ts";
import type { Database, ErasableTable, Insert, NativeAnswer, Query } from "../database.ts";
import { type MarkedQuery, markQuery } from "../marked-query.ts";
import { removal } from "../removal.ts";
import { Turns } from "../turns.ts";
import { Engine } from "./engine.ts";
import type { MemoryLimits } from "./engine-config.ts";
import { type Asked, Lane } from "./lane.ts";
import { emptyMergedParts } from "./merged-parts.ts";

/**
 * ClickHouse inside this process. A connection of its own for the writer, one for control, a few for readers.
 *
 * Hazard: each running query or insert occupies a thread of libuv's pool, which has 4 unless the environment variable
 * UV_THREADPOOL_SIZE was set before Node started; DNS, files and crypto wait for the same threads. The readers are
 * therefore as many as the pool allows, and a process that serves people should be started with 16.
 */

const MAX_READERS = 4; // more than two cores' worth of queries only slow each other
const DEFAULT_UV_THREADS = 4;
const RESERVED_THREADS = 3; // writer, control, and one for files and DNS

export function readerCount(uvThreads: string | undefined): number {
  const threads = Number(uvThreads ?? DEFAULT_UV_THREADS);
  const allowed = (Number.isSafeInteger(threads) ? threads : DEFAULT_UV_THREADS) - RESERVED_THREADS;
  return Math.max(1, Math.min(MAX_READERS, allowed));
}

export async function openEmbedded(dataDir: string, memory: MemoryLimits): Promise<Database> {
  const engine = await Engine.open(dataDir, memory);
  const readerLanes = Array.from(
    { length: readerCount(process.env.UV_THREADPOOL_SIZE) },
    () => new Lane(engine),
  );
  const writerLane = new Lane(engine);
  const controlLane = new Lane(engine);
  const readers = new Turns(readerLanes);
  const writers = new Turns([writerLane]);
  const controls = new Turns([controlLane]);
  // Bound queries run one at a time in the whole process; those who wait shall not occupy a reader meanwhile.
  const bound = new Turns(["bound"]);
  let isClosed = false;
  const running = new Set<Promise<void>>();

  async function kill(mark: string): Promise<void> {
    const lane = await controls.take(undefined);
    try {
      // ASYNC: the SYNC form was seen to hang
      await lane.command(`KILL QUERY WHERE Settings['log_comment'] = '${mark}' ASYNC`);
    } finally {
      controls.give(lane);
    }
  }

  function track(work: Promise<void>): void {
    running.add(work);
    void work.finally(() => running.delete(work));
  }

  function select(query: Query, options: { signal?: AbortSignal | undefined } = {}): Promise<Row[]> {
    return ask(query, options, (lane, marked) =>
      lane.ask(marked, query.limits.seconds, options.signal, kill),
    );
  }

  function native(query: Query, options: { signal?: AbortSignal | undefined } = {}): Promise<NativeAnswer> {
    return ask(query, options, (lane, marked) =>
      lane.askNative(marked, query.limits.seconds, options.signal, kill),
    );
  }

  async function ask<T>(
    query: Query,
    options: { signal?: AbortSignal | undefined },
    on: (lane: Lane, marked: MarkedQuery) => Asked<T>,
  ): Promise<T> {
    if (isClosed) throw closed();
    const marked = markQuery(query);
    const isBound = Object.keys(marked.params).length > 0;
    const turn = isBound ? await bound.take(options.signal) : null;
    const endTurn = () => {
      if (turn !== null) bound.give(turn);
    };
    const lane = await readers.take(options.signal).catch((error: unknown) => {
      endTurn();
      throw error;
    });
    const asked = on(lane, marked);
    track(
      asked.settled.finally(() => {
        endTurn();
        readers.give(lane);
      }),
    );
    return asked.answer;
  }

  async function insert({ table, columns, body, token }: Insert): Promise<void> {
    if (isClosed) throw closed();
    const lane = await writers.take(undefined);
    const work = lane.insert(table, columns, body, token);
    track(work.catch(() => undefined).then(() => writers.give(lane)));
    await work.catch((error: unknown) => {
      throw insertError(error, table);
    });
  }

  async function command(statement: string): Promise<void> {
    if (isClosed) throw closed();
    const lane = await writers.take(undefined);
    const work = lane.command(statement);
    track(work.catch(() => undefined).then(() => writers.give(lane)));
    await work.catch((error: unknown) => {
      throw queryError(error);
    });
  }

  async function remove(table: ErasableTable, where: Sql): Promise<void> {
    await command(removal(table, where));
  }

  async function close(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    for (const turns of [readers, writers, bound]) turns.end(closed());
    while (running.size > 0) await Promise.allSettled([...running]);
    for (const lane of [...readerLanes, writerLane, controlLane]) await lane.close();
    await engine.close();
  }

  async function damage(): Promise<string | null> {
    const empty = await emptyMergedParts({ select });
    if (empty.length === 0) return null;
    return `the engine put ${empty.length} part(s) in force that it could not write, as happens on a full disk (${empty[0]}): make room and start again within eight minutes, it then goes on with what it merged`;
  }

  return { kind: "embedded", select, native, insert, command, remove, damage, close };
}
