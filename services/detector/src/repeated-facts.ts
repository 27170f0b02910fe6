import type { StateTable, StateTables } from "@tripline/detection";
import type { Fact } from "@tripline/events";
import { z } from "zod";

const MAX_SOURCES = 10_000; // partitions of the events topic, of all generations of the log that facts still come from

const lastState = z.object({ offset: z.number(), groups: z.array(z.string()) });
type Last = z.infer<typeof lastState>;

/**
 * Facts that the first stage wrote again after a crash. It writes them in the order of their source's offsets, so the
 * highest offset of each source partition, and the groups it has had facts for, are enough.
 */
export class RepeatedFacts {
  readonly #sources: StateTable<Last>;

  constructor(tables: StateTables) {
    this.#sources = tables.table<Last>(
      "sources",
      { encode: (last) => last, decode: (json) => lastState.parse(json) },
      { limit: MAX_SOURCES, what: "sources" },
    );
  }

  isRepeated({ source, group, record }: Fact): boolean {
    const key = `${source.generation}/${source.partition}`;
    const name = `${record.envelope.tenant}/${group}`;
    const last = this.#sources.peek(key);
    if (last === undefined || source.offset > last.offset) {
      this.#sources.set(key, { offset: source.offset, groups: [name] });
      return false;
    }
    if (source.offset < last.offset || last.groups.includes(name)) return true;
    this.#sources.set(key, { ...last, groups: [...last.groups, name] });
    return false;
  }
}
