import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StateTable } from "./state-table.ts";
import { type StateEntry, StateTables } from "./state-tables.ts";

interface Counter {
  count: number;
}

const LIMIT = 5;
const codec = {
  encode: (value: Counter) => value.count,
  decode: (json: unknown) => {
    if (typeof json !== "number") throw new Error("no number");
    return { count: json };
  },
};

function tables(): { home: StateTables; a: StateTable<Counter>; b: StateTable<Counter> } {
  const home = new StateTables();
  return { home, a: home.table("a", codec), b: home.table("b", codec, { limit: LIMIT, what: "b" }) };
}

function contents({ a, b }: ReturnType<typeof tables>): unknown {
  return [a, b].map((table) => [...table.entries()].map(([key, { count }]) => [key, count]));
}

const key = fc.constantFrom(..."abcdefgh");
const action = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("change" as const), table: fc.boolean(), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), table: fc.boolean(), key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("drain" as const), rows: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("begin" as const), keep: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);

/** Segments as the runner keeps them: the last ones of a finished snapshot. */
class Segments {
  stored: { segment: number; entries: StateEntry[] }[] = [];
  running: { segment: number; entries: StateEntry[]; keepFrom: number; then: unknown } | null = null;

  finish(): unknown {
    const { running } = this;
    if (running === null) return null;
    this.running = null;
    this.stored = this.stored.filter(({ segment }) => segment >= running.keepFrom);
    // An empty one is not stored: its number is free again after a restart.
    if (running.entries.length > 0) {
      this.stored.push({ segment: running.segment, entries: running.entries });
    }
    return running.then;
  }

  loaded(): ReturnType<typeof tables> {
    const latest = new Map<string, StateEntry & { segment: number }>();
    for (const { segment, entries } of this.stored) {
      for (const entry of entries) latest.set(entry.key, { ...entry, segment });
    }
    const into = tables();
    into.home.load(latest.values());
    return into;
  }
}

describe("whatever changes while a snapshot is on its way", () => {
  it("it holds what was when it began, in the order of use; the segments together are the whole state", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
        let state = tables();
        let segments = new Segments();
        let last: unknown = contents(state);
        const drain = (rows: number): void => {
          const { running } = segments;
          if (running === null) return;
          let left = rows;
          const all = state.home.drain(
            (entry) => running.entries.push(entry),
            () => left-- > 0,
          );
          if (!all) return;
          last = segments.finish();
          const restored = segments.loaded();
          expect(contents(restored)).toEqual(last);
          for (const { segment, entries } of segments.stored) {
            const size = entries.reduce((sum, { key, value }) => sum + key.length + (value ?? "").length, 0);
            expect(state.home.live(segment)).toBeLessThanOrEqual(size);
          }
        };
        for (const step of actions) {
          if (step.do === "change" || step.do === "remove") {
            const table = step.table ? state.a : state.b;
            if (step.do === "remove") table.delete(step.key);
            else {
              const known = table.use(step.key);
              if (known === undefined) table.set(step.key, { count: 1 });
              else known.count += 1;
            }
          } else if (step.do === "drain") drain(step.rows);
          else if (step.do === "begin") {
            drain(Number.POSITIVE_INFINITY);
            const kept = segments.stored.slice(step.keep);
            const keepFrom = kept[0]?.segment ?? Number.POSITIVE_INFINITY;
            const then = contents(state);
            segments.running = { segment: state.home.begin(keepFrom), entries: [], keepFrom, then };
          } else {
            // What a snapshot had not finished is lost with all that came after the last one that had.
            segments.running = null;
            const again = new Segments();
            again.stored = segments.stored;
            segments = again;
            state = segments.loaded();
            expect(contents(state)).toEqual(segments.stored.length === 0 ? [[], []] : last);
          }
        }
      }),
      { numRuns: 400 },
    );
  });
});

it("writes only what changed, and nothing when nothing did", () => {
  const { home, a } = tables();
  const write = (): string[] => {
    home.begin(0);
    const keys: string[] = [];
    home.drain(
      (entry) => keys.push(`${entry.key.replace("\n", "/")} ${entry.value === null ? "gone" : ""}`.trim()),
      () => true,
    );
    return keys;
  };
  for (const each of ["x", "y", "z"]) a.set(each, { count: 1 });
  expect(write()).toEqual(["a/x", "a/y", "a/z"]);
  expect(write()).toEqual([]);
  a.peek("z");
  a.use("y");
  a.delete("x");
  a.set("short-lived", { count: 1 });
  a.delete("short-lived");
  expect(write().sort()).toEqual(["a/x gone", "a/y"]);
});

it("forgets the longest unused beyond its limit, and counts that", () => {
  const told: string[] = [];
  const home = new StateTables((what) => told.push(what));
  const table = home.table("t", codec, { limit: 2, what: "things" });
  table.set("a", { count: 1 });
  table.set("b", { count: 1 });
  table.use("a");
  table.set("c", { count: 1 });
  expect([...table.entries()].map(([key]) => key)).toEqual(["a", "c"]);
  expect(home.forgotten).toEqual(new Map([["things", 1]]));
  expect(told).toEqual(["things"]);
});

it("drops the rows of a table that is no more, also from what is stored", () => {
  const { home, a } = tables();
  a.set("x", { count: 1 });
  const entries: (StateEntry & { segment: number })[] = [];
  const segment = home.begin(0);
  home.drain(
    (entry) => entries.push({ ...entry, segment }),
    () => true,
  );
  const other = new StateTables();
  const b = other.table("b", codec);
  other.load(entries);
  expect(b.size).toBe(0);
  expect(other.begin(0)).toBe(segment + 1);
  const written: StateEntry[] = [];
  other.drain(
    (entry) => written.push(entry),
    () => true,
  );
  expect(written).toEqual([{ key: "a\nx", value: null }]);
});

it("refuses what it did not write", () => {
  const { home } = tables();
  expect(() => home.load([{ key: "a\nx", value: "[1]", segment: 1 }])).toThrowError(/does not fit/);
  expect(() => home.load([{ key: "a\nx", value: '[1,"?"]', segment: 1 }])).toThrowError(/does not fit/);
});
