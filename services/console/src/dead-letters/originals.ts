import { TOPIC_CLEANUP } from "@tripline/events";
import type { DeadLetterBytes, DeadLetterRow } from "@tripline/store";
import type { Log, LogRecord } from "@tripline/stream";

/** Why a letter's original can't be had or may not be written again. */
export interface Refusal {
  code: string;
  message: string;
}

export interface OriginalRecord extends DeadLetterBytes {
  key: string | null;
}

/** The whole original of a letter: from the letter itself, or, where that was cut, from its position in the log. */
export async function originalOf(
  letter: DeadLetterRow,
  bytes: DeadLetterBytes | undefined,
  log: Log,
): Promise<OriginalRecord | Refusal> {
  if (!letter.cut) {
    if (bytes !== undefined) return { ...bytes, key: letter.key };
    return {
      code: "TRIPLINE_DEAD_LETTER_BYTES_GONE",
      message: "its bytes are past their retention: nothing is left to replay",
    };
  }
  const record = await fromLog(letter, log);
  if (record !== null) return { key: record.key, headers: { ...record.headers }, value: record.value };
  return {
    code: "TRIPLINE_DEAD_LETTER_CUT",
    message: "the letter holds only the beginning of the record, and the log no longer holds the whole",
  };
}

async function fromLog(letter: DeadLetterRow, log: Log): Promise<LogRecord | null> {
  const { generation, topic, partition, offset } = letter;
  if (generation !== log.generation || !isRead(topic)) return null;
  const bounds = (await log.offsets(topic)).find((each) => each.partition === partition);
  if (bounds === undefined || offset < bounds.earliest || offset >= bounds.next) return null;
  const found: LogRecord[] = [];
  await log.scan({ topic, partition, from: offset, to: offset + 1 }, async (records) => {
    found.push(...records);
  });
  return found[0] ?? null;
}

/** Compacted topics are read as tables: a position in them means nothing later. */
function isRead(topic: string): boolean {
  return new Map<string, string>(Object.entries(TOPIC_CLEANUP)).get(topic) === "delete";
}

/**
 * Of a compacted topic's letters, those that are no longer what their key says: writing them again would bring back what
 * a later entry replaced, e.g. a revocation that was lifted since.
 */
export async function superseded(
  log: Log,
  topic: string,
  originals: readonly { id: string; original: OriginalRecord }[],
): Promise<Set<string>> {
  const current = new Map<string | null, Uint8Array | null>();
  const wanted = new Set(originals.map(({ original }) => original.key));
  const reader = await log.readTable(topic, ({ key, value }) => {
    if (wanted.has(key)) current.set(key, value);
  });
  try {
    await reader.loaded;
  } finally {
    await reader.close();
  }
  const isCurrent = ({ key, value }: OriginalRecord) => {
    const now = current.get(key);
    return now !== undefined && now !== null && value !== null && Buffer.from(now).equals(value);
  };
  return new Set(originals.flatMap(({ id, original }) => (isCurrent(original) ? [] : [id])));
}
