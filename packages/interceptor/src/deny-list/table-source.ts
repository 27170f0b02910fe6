import { setTimeout as delay } from "node:timers/promises";
import { TOPICS } from "@tripline/events";
import type { OnWarning } from "../core/warnings.ts";
import type { RevocationSink, RevocationSource } from "./revocation-source.ts";

const CONTACT_MS = 15_000; // as often as the collector's stream gives a sign of life
const RETRY_MS = 1_000;

interface TableEntry {
  key: string;
  value: Uint8Array | null;
}

interface TableReader {
  readonly loaded: Promise<void>;
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** What is needed of a log; `Log` of @tripline/stream has it. */
export interface TableLog {
  readTable(topic: string, onEntry: (entry: TableEntry) => void): Promise<TableReader>;
  ping(): Promise<void>;
}

export interface TableSourceOptions {
  log: TableLog;
  onWarning: OnWarning;
  topic?: string | undefined;
}

/** Reads the compacted revocations topic itself, without a collector. Opens it anew for ever; does not close the log. */
export function createTableSource(options: TableSourceOptions): RevocationSource {
  const { log, onWarning, topic = TOPICS.revocations } = options;
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function follow(sink: RevocationSink): Promise<void> {
    sink.snapshotBegins();
    const reader = await log.readTable(topic, ({ key, value }) => {
      if (value === null) sink.removed(key.slice(key.lastIndexOf("/") + 1));
      else sink.entry(parseJson(value));
    });
    const contact = setInterval(() => {
      // A log that does not answer is no sign of life: the list becomes stale, and the reader's end says why.
      log.ping().then(
        () => sink.contact(),
        () => false,
      );
    }, CONTACT_MS);
    contact.unref();
    const closing = new Promise<void>((resolve) => {
      stop.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    try {
      await Promise.race([reader.loaded, reader.ended, closing]);
      if (!stop.signal.aborted) sink.loaded();
      await Promise.race([reader.ended, closing]);
    } finally {
      clearInterval(contact);
      await reader.close();
    }
  }

  async function run(sink: RevocationSink): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await follow(sink);
      } catch (cause) {
        onWarning({
          code: "TRIPLINE_REVOCATIONS_UNREACHABLE",
          message: `the topic ${topic} can't be read; the last known deny list stays in force`,
          cause,
        });
      }
      if (stop.signal.aborted) return;
      await delay(RETRY_MS, undefined, { signal: stop.signal, ref: false }).catch((error: unknown) => {
        if (!stop.signal.aborted) throw error;
      });
    }
  }

  return {
    start: (sink) => {
      running = run(sink);
    },
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

function parseJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(value));
  } catch {
    return undefined; // the deny list counts it as not genuine
  }
}
