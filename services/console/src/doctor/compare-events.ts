import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Erasable, type ErasureIndex, parseRecord, TriplineError } from "@tripline/events";
import type { PayloadAt, RecordAt, Store } from "@tripline/store";
import { copiedFrom, type LogRecord, replayedFor } from "@tripline/stream";
import { z } from "zod";
import type { Chunk, Compare } from "./chunk.ts";
import { type Finding, NO_COUNTS } from "./lines.ts";
import { archiverOf } from "./positions.ts";

/**
 * Which positions of a stretch have dead letters. Waits for letters that are written and not archived yet; not
 * complete where they are still not.
 */
export type Letters = (
  stretch: { topic: string; generation: string; partition: number; from: number; to: number },
  unexplained: readonly number[],
  signal: AbortSignal,
) => Promise<{ offsets: Set<number>; isComplete: boolean }>;

/** The archived erasures and retentions, as they are now. */
export type Erasures = (signal: AbortSignal) => Promise<ErasureIndex>;

/** A record without a row: a resend, a copy, a letter, or missing. */
interface Suspect {
  record: LogRecord;
  isCopy: boolean;
  /** Null where the record can't be read. */
  named: { tenant: string; id: string; time: string; producer: string; seq: number } | null;
}

const named = z.object({
  envelope: z.object({
    tenant: z.string(),
    id: z.string(),
    time: z.string(),
    producer: z.object({ id: z.string(), seq: z.number() }),
  }),
});
const withHash = z.object({ payload_hash: z.string().optional() });

/** Compares a chunk of the events topic with `records` and `payloads`. */
export function compareEvents(store: Store, letters: Letters, erasures: Erasures): Compare {
  return async (chunk, signal) => {
    const [rows, payloads] = await Promise.all([
      store.reconcile.recordsAt(chunk, { signal }),
      store.reconcile.payloadsAt(chunk, { signal }),
    ]);
    const rowsAt = Map.groupBy(rows, ({ offset }) => offset);
    const payloadsAt = Map.groupBy(payloads, ({ offset }) => offset);
    const step = archiverOf(chunk.topic);
    const counts = { ...NO_COUNTS, positions: chunk.to - chunk.from };
    const findings: Finding[] = [];
    const suspects: Suspect[] = [];
    const bare: RecordAt[] = [];
    const find = (kind: Finding["kind"], offset: number, what: string, about: Partial<Finding> = {}) =>
      findings.push({ kind, topic: chunk.topic, partition: chunk.partition, offset, what, ...about });

    for (const [index, record] of chunk.records.entries()) {
      if (index % TURN === TURN - 1) await nextTurn();
      const { offset } = record;
      const here = rowsAt.get(offset) ?? [];
      const [row] = here;
      const payloadsHere = payloadsAt.get(offset) ?? [];
      rowsAt.delete(offset);
      payloadsAt.delete(offset);
      const isCopy = copiedFrom(record) !== null;
      const replayed = replayedFor(record);
      const isForAnother = replayed !== null && replayed !== step;
      if (row === undefined) {
        if (payloadsHere.length > 0) find("extra", offset, "there is a payload without a record");
        if (isForAnother) counts.replayed_for_another++;
        else suspects.push({ record, isCopy, named: nameOf(record) });
        continue;
      }
      counts.rows++;
      const about = aboutRow(row);
      if (here.length > 1) find("doubled", offset, `one position, ${here.length} rows`, about);
      if (isCopy || isForAnother) {
        find("extra", offset, "a record that the archiver leaves aside has a row", about);
      }
      if (!isSameEnvelope(record, row)) {
        find("altered", offset, "the stored envelope is not the one that the log holds", about);
      } else if (payloadsHere.length === 0 && namesPayload(row)) bare.push(row);
      else for (const [kind, what] of payloadFindings(row, payloadsHere)) find(kind, offset, what, about);
    }
    for (const [offset, [row]] of rowsAt) {
      find("extra", offset, "the log holds nothing at this position", row === undefined ? {} : aboutRow(row));
    }
    for (const offset of payloadsAt.keys()) {
      if (!rowsAt.has(offset)) find("extra", offset, "there is a payload, and the log holds nothing here");
    }
    if (bare.length > 0) {
      // Asked for behind the rows: an erasure that came meanwhile is known.
      const known = await erasures(signal);
      for (const row of bare) {
        if (known.covering(envelopeOf(row)) !== null) counts.erased++;
        else
          find("missing", row.offset, "its payload is not stored, and no erasure covers it", aboutRow(row));
      }
    }
    const untold = await explain(suspects);
    const times = rows.map(({ time }) => time).sort();
    const [first, last] = [times[0], times.at(-1)];
    return {
      findings,
      counts,
      untold,
      times: first === undefined || last === undefined ? null : { first, last },
    };

    /** Returns how many can't be told yet. */
    async function explain(open: readonly Suspect[]): Promise<number> {
      const known = await store.reconcile.knownRecords(
        open.flatMap((suspect) => (suspect.named === null ? [] : [suspect.named])),
        { signal },
      );
      const unknown = open.filter((suspect) => {
        if (suspect.named === null || !known.has(suspect.named.id)) return true;
        if (suspect.isCopy) counts.copied++;
        else counts.resent++;
        return false;
      });
      if (unknown.length === 0) return 0;
      let wait = 0;
      const withLetter = await letters(
        chunk,
        unknown.map(({ record }) => record.offset),
        signal,
      );
      for (const { record, isCopy, named: name } of unknown) {
        if (withLetter.offsets.has(record.offset)) counts.dead_letters++;
        else if (isCopy && (await originalHasLetter(record, chunk, letters, signal))) counts.copied++;
        else if (!withLetter.isComplete) wait++;
        else if (name === null) find("missing", record.offset, "it can't be read, and has no dead letter");
        else {
          const what = isCopy
            ? "it was copied from an earlier generation, and has no row from there"
            : "the log holds it, and the store has no row of it";
          find("missing", record.offset, what, name);
        }
      }
      return wait;
    }
  };
}

async function originalHasLetter(
  record: LogRecord,
  { topic }: Chunk,
  letters: Letters,
  signal: AbortSignal,
): Promise<boolean> {
  const from = copiedFrom(record);
  if (from === null) return false;
  const { generation, partition, offset } = from;
  const stretch = { topic, generation, partition, from: offset, to: offset + 1 };
  return (await letters(stretch, [], signal)).offsets.has(offset);
}

function aboutRow({ tenant, id, producer, seq, time }: RecordAt): Partial<Finding> {
  return { tenant, id, producer, seq, time };
}

/** Null for what the archiver would make a dead letter of. */
function nameOf({ value }: LogRecord): Suspect["named"] {
  if (value === null || !isUtf8(value)) return null;
  const text = Buffer.from(value).toString("utf8");
  try {
    parseRecord(text);
  } catch (error) {
    if (error instanceof TriplineError) return null;
    throw error;
  }
  const parsed = named.safeParse(JSON.parse(text));
  if (!parsed.success) return null;
  const { tenant, id, time, producer } = parsed.data.envelope;
  return { tenant, id, time, producer: producer.id, seq: producer.seq };
}

const TURN = 100; // records; 1 to 2 ms, so that what else this process serves is not held up

const HEAD = '{"envelope":';

function isSameEnvelope({ value }: LogRecord, { envelopeText }: RecordAt): boolean {
  const text = Buffer.from(value ?? []).toString("utf8");
  const end = text[HEAD.length + envelopeText.length];
  if (text.startsWith(HEAD) && text.startsWith(envelopeText, HEAD.length) && (end === "," || end === "}")) {
    return true;
  }
  // Another producer's way of writing JSON: spaces, or the payload first.
  return text.includes(envelopeText) && sameJson(member(text), parsed(envelopeText));
}

function member(text: string): unknown {
  const json = parsed(text);
  return typeof json === "object" && json !== null && "envelope" in json ? json.envelope : undefined;
}

function sameJson(a: unknown, b: unknown): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // then they are not the same
  }
}

/** Of a row whose envelope is the log's own, and so fits the contract. */
function envelopeOf({ envelopeText }: RecordAt): Erasable {
  return JSON.parse(envelopeText);
}

function namesPayload({ envelopeText }: RecordAt): boolean {
  return withHash.parse(parsed(envelopeText)).payload_hash !== undefined;
}

function payloadFindings(
  row: RecordAt,
  payloads: readonly PayloadAt[],
): [kind: Finding["kind"], what: string][] {
  const { payload_hash: expected } = withHash.parse(parsed(row.envelopeText));
  const [payload] = payloads;
  if (expected === undefined) {
    return payload === undefined ? [] : [["extra", "it has no payload, and one is stored"]];
  }
  if (payload === undefined) return [];
  if (payloads.length > 1) return [["doubled", `its payload has ${payloads.length} rows`]];
  if (payload.recordId !== row.id) return [["altered", "its payload is filed under another record"]];
  return payload.text !== null && hash("sha256", payload.text, "hex") === expected
    ? []
    : [["altered", "the stored payload is not the one that its envelope names"]];
}
