import {
  DEAD_LETTER_DECISION_HEADER,
  type DeadLetterDecision,
  isRetriable,
  TOPIC_CLEANUP,
  TOPICS,
  TriplineError,
} from "@tripline/events";
import { OneAtATime, type RecordProducer, type RedactionKeys, redactorOf } from "@tripline/service";
import type { DeadLetterPosition, DeadLetterRow, DeadLetterScope, Store } from "@tripline/store";
import { type Log, MARK_HEADERS, type Position } from "@tripline/stream";
import { type OriginalRecord, originalOf, type Refusal, superseded } from "./originals.ts";

export interface LetterActionsDeps {
  log: Log;
  store: Store;
  recordProducer: Pick<RecordProducer, "write">;
  secrets: RedactionKeys;
  /** ms since the epoch */
  now(): number;
}

/** Which letters: by id, or all open ones that match. */
export type Selection =
  | { ids: readonly string[] }
  | {
      topic?: string | undefined;
      step?: string | undefined;
      reason?: string | undefined;
      before?: string | undefined;
    };

export interface Request {
  kind: DeadLetterDecision["state"];
  selection: Selection;
  scope: DeadLetterScope;
  /** id of the person's token, and their tenant: it gets the decision records of letters without one. */
  by: string;
  tenant: string;
  /** Why, in the person's words. */
  why: string;
  /** Null at the start of a selection; where the request before ended. */
  after: DeadLetterPosition | null;
}

export interface Done {
  done: { id: string; position: Position | null }[];
  refused: ({ id: string } & Refusal)[];
  /** Where to go on; null at the selection's end. */
  next: DeadLetterPosition | null;
}

/** Each letter is three durable writes: this many are done within what a person waits for one answer. */
export const MAX_LETTERS_PER_REQUEST = 200;
const READ_AT_ONCE = 25; // originals, of up to 1 MB each
const MAX_REMEMBERED = 10_000; // decisions of this process that the store may not show yet; 100 B each
const MAX_REASON_CHARS = 1024;

export interface LetterActions {
  /** How many letters the selection holds now. */
  count(scope: DeadLetterScope, selection: Selection): Promise<number>;
  /** Decides about at most MAX_LETTERS_PER_REQUEST letters, in the order of their positions. */
  decide(request: Request): Promise<Done>;
}

/**
 * Replays and discards letters, one request at a time. A replay is durable before it is recorded: after a crash between
 * the two the letter is still open, and a second replay of it is recognised as a resend by whoever handled the first.
 */
export function createLetterActions(deps: LetterActionsDeps): LetterActions {
  const { store } = deps;
  const decided = new Map<string, DeadLetterDecision["state"]>();
  const turns = new OneAtATime();

  async function select(request: Request): Promise<{ letters: DeadLetterRow[]; refused: Done["refused"] }> {
    const { selection, scope, after } = request;
    if (!("ids" in selection)) {
      const filter = filterOf(selection);
      const page = { after, limit: MAX_LETTERS_PER_REQUEST };
      return { letters: await store.deadLetters.inOrder(scope, filter, page), refused: [] };
    }
    const letters: DeadLetterRow[] = [];
    const refused: Done["refused"] = [];
    for (const id of new Set(selection.ids)) {
      const letter = await store.deadLetters.one(scope, id);
      if (letter === null) refused.push({ id, ...NOT_FOUND });
      else letters.push(letter);
    }
    return { letters: letters.sort(byPosition), refused };
  }

  async function decide(request: Request): Promise<Done> {
    const { letters, refused } = await select(request);
    const done: Done["done"] = [];
    for (let first = 0; first < letters.length; first += READ_AT_ONCE) {
      await decideSome(request, letters.slice(first, first + READ_AT_ONCE), done, refused);
    }
    const last = letters.at(-1);
    const isFull = !("ids" in request.selection) && letters.length === MAX_LETTERS_PER_REQUEST;
    return { done, refused, next: isFull && last !== undefined ? last : null };
  }

  async function decideSome(
    request: Request,
    letters: readonly DeadLetterRow[],
    done: Done["done"],
    refused: Done["refused"],
  ): Promise<void> {
    const ready: { letter: DeadLetterRow; original: OriginalRecord | null }[] = [];
    const isReplay = request.kind === "replayed";
    const bytes = await store.deadLetters.bytesOf(isReplay ? letters.map(({ id }) => id) : []);
    for (const letter of letters) {
      const no = refusal(request.kind, decided.get(letter.id) ?? letter.state);
      if (no !== null) refused.push({ id: letter.id, ...no });
      else if (!isReplay) ready.push({ letter, original: null });
      else {
        const original = await originalOf(letter, bytes.get(letter.id), deps.log);
        if ("code" in original) refused.push({ id: letter.id, ...original });
        else ready.push({ letter, original });
      }
    }
    const stale = await supersededOf(ready);
    for (const { letter, original } of ready) {
      if (stale.has(letter.id)) {
        refused.push({ id: letter.id, ...SUPERSEDED });
        continue;
      }
      const position = original === null ? null : await replay(letter, original);
      if (position !== null && "code" in position) {
        refused.push({ id: letter.id, ...position });
        continue;
      }
      await record(request, letter, position);
      done.push({ id: letter.id, position });
    }
  }

  async function supersededOf(
    ready: readonly { letter: DeadLetterRow; original: OriginalRecord | null }[],
  ): Promise<Set<string>> {
    const found = new Set<string>();
    const byTopic = Map.groupBy(ready, ({ letter }) => letter.topic);
    for (const [topic, ofTopic] of byTopic) {
      if (!COMPACTED.has(topic)) continue;
      const originals = ofTopic.flatMap(({ letter, original }) =>
        original === null ? [] : [{ id: letter.id, original }],
      );
      if (originals.length === 0) continue;
      for (const id of await superseded(deps.log, topic, originals)) found.add(id);
    }
    return found;
  }

  async function replay(
    letter: DeadLetterRow,
    { key, value, headers }: OriginalRecord,
  ): Promise<Position | Refusal> {
    const { generation, topic, partition, offset, step } = letter;
    const isSamePlace = key === null && generation === deps.log.generation;
    const record = {
      key,
      value,
      headers: {
        ...withoutMarks(headers),
        [MARK_HEADERS.replayStep]: step,
        [MARK_HEADERS.replayOf]: `${generation}/${topic}/${partition}/${offset}`,
      },
      ...(isSamePlace ? { partition } : {}),
    };
    try {
      const [position] = await deps.log.produce(topic, [record]);
      if (position === undefined) throw new Error("a record was produced without a position");
      return position;
    } catch (error) {
      if (!(error instanceof TriplineError) || isRetriable(error)) throw error;
      return { code: error.code, message: error.message }; // the log will never take it
    }
  }

  /** On the letters' own topic, where the list is made from, and on the audit trail. */
  async function record(
    { kind, by, why, tenant }: Request,
    letter: DeadLetterRow,
    position: Position | null,
  ): Promise<void> {
    const of = letter.tenant ?? tenant;
    const redactor = await redactorOf(deps.secrets, of);
    const reason = redactor.redactText(why).value.slice(0, MAX_REASON_CHARS);
    const at = new Date(deps.now()).toISOString();
    const decision: DeadLetterDecision = {
      v: 1,
      id: letter.id,
      state: kind,
      by,
      reason,
      at,
      ...(position === null ? {} : { position: { ...position } }),
    };
    await deps.log.produce(TOPICS.deadLetters, [
      {
        key: letter.key,
        value: Buffer.from(JSON.stringify(decision)),
        headers: { "content-type": "application/json", [DEAD_LETTER_DECISION_HEADER]: kind },
      },
    ]);
    remember(letter.id, kind);
    try {
      await deps.recordProducer.write({
        type: "decision",
        tenant: of,
        decision: { kind: `dead_letter_${kind}`, reason, by, subject: letter.id, decided_at: at },
      });
    } catch (error) {
      // It waits in the producer's queue, and is written when the log takes it.
      if (!(error instanceof TriplineError) || error.code !== "TRIPLINE_RECORDS_PENDING") throw error;
    }
  }

  function remember(id: string, state: DeadLetterDecision["state"]): void {
    if (decided.size >= MAX_REMEMBERED) decided.clear();
    decided.set(id, state);
  }

  return {
    count: async (scope, selection) => {
      if ("ids" in selection) return new Set(selection.ids).size;
      const counts = await store.deadLetters.count(scope, filterOf(selection));
      return counts.reduce((sum, { letters }) => sum + letters, 0);
    },
    decide: (request) => turns.run(() => decide(request)),
  };
}

const COMPACTED = new Set(
  Object.entries(TOPIC_CLEANUP).flatMap(([topic, cleanup]) => (cleanup === "compact" ? [topic] : [])),
);

const NOT_FOUND: Refusal = {
  code: "TRIPLINE_NOT_FOUND",
  message: "there is no dead letter with this id that you may decide about",
};
const SUPERSEDED: Refusal = {
  code: "TRIPLINE_DEAD_LETTER_SUPERSEDED",
  message:
    "the topic has a later entry under its key, or none: replaying it would bring back what was replaced",
};

/** A discarded letter may still be replayed, by its id; a replayed one may not: if it was refused again, it has a new letter. */
function refusal(kind: DeadLetterDecision["state"], state: DeadLetterRow["state"]): Refusal | null {
  if (state === "replayed") {
    return {
      code: "TRIPLINE_DEAD_LETTER_REPLAYED",
      message: "it was replayed already; if it was refused again, replay the letter that came of that",
    };
  }
  if (state === "discarded" && kind === "discarded") {
    return { code: "TRIPLINE_DEAD_LETTER_DISCARDED", message: "it was discarded already" };
  }
  return null;
}

function filterOf({ topic, step, reason, before }: Exclude<Selection, { ids: readonly string[] }>) {
  return { topic, step, reason, until: before, state: "open" as const };
}

function withoutMarks(headers: Readonly<Record<string, string>>): Record<string, string> {
  const marks = new Set<string>(Object.values(MARK_HEADERS));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !marks.has(name)));
}

function byPosition(a: DeadLetterRow, b: DeadLetterRow): number {
  return a.generation === b.generation && a.topic === b.topic
    ? a.partition - b.partition || a.offset - b.offset
    : `${a.generation} ${a.topic}` < `${b.generation} ${b.topic}`
      ? -1
      : 1;
}
