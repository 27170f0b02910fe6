import { gunzipSync, gzipSync } from "node:zlib";
import { decodeRuleSet, encodeRuleSet, type RuleSetContent, ruleSetHash } from "@tripline/detection";
import { TOPICS, TriplineError } from "@tripline/events";
import type { Log, NewRecord } from "@tripline/stream";
import { z } from "zod";

/** A set of rules by number and hash of its content. */
export interface SetName {
  number: number;
  set: string;
}

const setName = z.object({ number: z.number(), set: z.string() });
const headSchema = z.object({
  v: z.literal(1),
  /** A set that is being announced: some partitions may have its record. Null when all have the last of `changes`. */
  pending: setName.nullable(),
  /** Oldest first. `positions`: by partition of the events topic, the offset behind which the set judges. */
  changes: z.array(setName.extend({ at: z.string(), positions: z.array(z.number()) })),
});
export type RuleHead = z.infer<typeof headSchema>;

const HEAD_KEY = "rules/head";
const SET_PREFIX = "rules/set/";
const CHUNK_BYTES = 900_000; // of a record's million; all shipped rules take a tenth of it
const MAX_CHANGES = 64; // sets that stay: more than anybody installs while a fact waits or a snapshot is restored

/**
 * The sets of rules and which is in force, in the compacted state topic: what `rules.changed` records name. Read when it is
 * asked for, which is rare; a set is durable before anything names it.
 */
export class RuleSetStore {
  readonly #log: Pick<Log, "readTable" | "produce">;
  #reading: Promise<Map<string, Uint8Array>> | null = null;

  constructor(log: Pick<Log, "readTable" | "produce">) {
    this.#log = log;
  }

  /** Null before the first set of this log was announced. */
  async head(): Promise<RuleHead | null> {
    const bytes = (await this.#read()).get(HEAD_KEY);
    return bytes === undefined ? null : headSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  }

  /** @throws TriplineError TRIPLINE_RULE_SET_MISSING (retriable) when it is not there */
  async content({ set }: Pick<SetName, "set">): Promise<RuleSetContent> {
    const stored = await this.#read();
    const parts: Uint8Array[] = [];
    for (;;) {
      const part = stored.get(`${SET_PREFIX}${set}/${parts.length}`);
      if (part === undefined) break;
      parts.push(part);
    }
    if (parts.length === 0) {
      throw new TriplineError(
        "TRIPLINE_RULE_SET_MISSING",
        `the set of rules ${set.slice(0, 16)} is not in ${TOPICS.state}: was the topic deleted?`,
        { kind: "retriable" },
      );
    }
    return decodeRuleSet(gunzipSync(Buffer.concat(parts)).toString("utf8"), set);
  }

  /** Resolves when it is durable. Writing it again changes nothing. */
  async write(content: RuleSetContent): Promise<SetName> {
    const set = ruleSetHash(content);
    const bytes = gzipSync(encodeRuleSet(content));
    const records: NewRecord[] = [];
    for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
      const key = `${SET_PREFIX}${set}/${records.length}`;
      records.push({ key, value: bytes.subarray(from, from + CHUNK_BYTES) });
    }
    await this.#log.produce(TOPICS.state, records);
    return { number: content.number, set };
  }

  /**
   * Writes the head, and then deletes the sets that are too old for it to name. A set that it never named stays: a rival
   * may have announced it, and what was begun and never announced is small and rare.
   */
  async writeHead(head: RuleHead): Promise<void> {
    const kept = { ...head, changes: head.changes.slice(-MAX_CHANGES) };
    const value = new TextEncoder().encode(JSON.stringify(kept));
    await this.#log.produce(TOPICS.state, [{ key: HEAD_KEY, value }]);
    const named = new Set(
      [...kept.changes, ...(kept.pending === null ? [] : [kept.pending])].map(({ set }) => set),
    );
    const old = new Set(head.changes.slice(0, -MAX_CHANGES).map(({ set }) => set));
    if (old.size === 0) return;
    const stored = (await this.#read()).keys();
    const gone = [...stored].filter((key) => old.has(setOf(key)) && !named.has(setOf(key)));
    if (gone.length > 0)
      await this.#log.produce(
        TOPICS.state,
        gone.map((key) => ({ key, value: null })),
      );
  }

  /** All that is stored of rules now. Who asks within one turn shares a reading. */
  #read(): Promise<Map<string, Uint8Array>> {
    this.#reading ??= (async () => {
      await new Promise((resolve) => setImmediate(resolve));
      this.#reading = null; // who comes from here on needs a fresh one
      const stored = new Map<string, Uint8Array>();
      const reader = await this.#log.readTable(TOPICS.state, ({ key, value }) => {
        if (key !== HEAD_KEY && !key.startsWith(SET_PREFIX)) return;
        if (value === null) stored.delete(key);
        else stored.set(key, value);
      });
      try {
        await reader.loaded;
      } finally {
        await reader.close();
      }
      return stored;
    })();
    return this.#reading;
  }
}

function setOf(key: string): string {
  return key.slice(SET_PREFIX.length).split("/")[0] ?? "";
}
