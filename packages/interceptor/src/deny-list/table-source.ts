import { TOPICS } from "@tripline/events";
import type { OnWarning } from "../core/warnings.ts";
import { createReopenedSource, parseEntry } from "./reopened-source.ts";
import type { RevocationSink, RevocationSource } from "./revocation-source.ts";

const CONTACT_MS = 15_000; // as often as the collector's stream gives a sign of life

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
  /** Only needed to hear verdicts. */
  follow?(topic: string, onEntry: (entry: TableEntry) => void): Promise<TableReader>;
}

export interface TableSourceOptions {
  log: TableLog;
  onWarning: OnWarning;
  topic?: string | undefined;
  /** Hears the verdicts on all calls that wait, unverified. Default: nobody's calls wait here. */
  onVerdict?: ((verdict: unknown) => void) | undefined;
}

/** Reads the compacted revocations topic itself, without a collector. Opens it anew for ever; does not close the log. */
export function createTableSource(options: TableSourceOptions): RevocationSource {
  const { log, onWarning, topic = TOPICS.revocations } = options;

  async function follow(sink: RevocationSink, stop: AbortSignal): Promise<void> {
    sink.snapshotBegins();
    const reader = await log.readTable(topic, ({ key, value }) => {
      if (value === null) sink.removed(key.slice(key.lastIndexOf("/") + 1));
      else sink.entry(parseEntry(new TextDecoder().decode(value)));
    });
    const verdicts = await followVerdicts();
    const contact = setInterval(() => {
      // A log that does not answer is no sign of life: the list becomes stale, and the reader's end says why.
      log.ping().then(
        () => sink.contact(),
        () => false,
      );
    }, CONTACT_MS);
    contact.unref();
    const closing = new Promise<void>((resolve) => {
      if (stop.aborted)
        resolve(); // while the table was being opened
      else stop.addEventListener("abort", () => resolve(), { once: true });
    });
    try {
      await Promise.race([reader.loaded, reader.ended, closing]);
      if (!stop.aborted) sink.loaded();
      await Promise.race([reader.ended, closing, ...(verdicts === null ? [] : [verdicts.ended])]);
    } finally {
      clearInterval(contact);
      await verdicts?.close();
      await reader.close();
    }
  }

  async function followVerdicts(): Promise<TableReader | null> {
    const { onVerdict } = options;
    if (onVerdict === undefined || log.follow === undefined) return null;
    return await log.follow(TOPICS.verdicts, ({ value }) => {
      if (value !== null) onVerdict(parseEntry(new TextDecoder().decode(value)));
    });
  }

  return createReopenedSource({
    follow,
    unreachable: `the topic ${topic} can't be read; the last known deny list stays in force`,
    onWarning,
  });
}
