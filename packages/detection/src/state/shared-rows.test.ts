import fc from "fast-check";
import { expect, it } from "vitest";
import { NO_TURN, type RowPart } from "./shared-rows.ts";
import type { StateEntry } from "./state-tables.ts";
import { StateTables } from "./state-tables.ts";

const codec = {
  encode: (part: { n: number }) => part.n,
  decode: (json: unknown) => ({ n: Number(json) }),
  matters: ({ n }: { n: number }, now: number) => now - n < 100,
};
const ROWS = { name: "shared/credential", limit: 3, what: "groups" };

function part(tables: StateTables, name: string): RowPart<{ n: number }> {
  return tables.part(name, codec, ROWS);
}

function put(to: RowPart<{ n: number }>, key: string, n: number, turn = NO_TURN): void {
  const known = to.use(key, turn);
  if (known === undefined) to.add({ n }, { key, turn, now: n });
  else known.n = n;
}

function written(tables: StateTables, keepFrom = 0): StateEntry[] {
  const entries: StateEntry[] = [];
  tables.begin(keepFrom);
  tables.drain(
    (entry) => entries.push(entry),
    () => true,
  );
  return entries;
}

function shown(of: RowPart<{ n: number }>): number[] {
  return [...of.values()].map(({ n }) => n);
}

it("keeps each owner's part, and writes a row once for all of them", () => {
  const tables = new StateTables();
  const [a, b] = [part(tables, "a"), part(tables, "b")];
  put(a, "k1", 1, 7);
  put(b, "k1", 2, 7);
  put(a, "k2", 3, 8);
  expect([shown(a), shown(b), a.size, b.size]).toEqual([[1, 3], [2], 2, 1]);
  expect(written(tables).map(({ value }) => JSON.parse(value ?? "")[1])).toEqual([{ a: 1, b: 2 }, { a: 3 }]);
});

it("writes what the next turn changed after a snapshot", () => {
  const tables = new StateTables();
  const a = part(tables, "a");
  put(a, "k1", 1, 7);
  written(tables);
  put(a, "k1", 2, 8);
  expect(written(tables).map(({ value }) => JSON.parse(value ?? "")[1])).toEqual([{ a: 2 }]);
});

it("lets the longest unused row go, and counts each part that still mattered", () => {
  const tables = new StateTables();
  const [a, b] = [part(tables, "a"), part(tables, "b")];
  put(a, "k1", 50);
  put(b, "k1", 0);
  for (const [index, key] of ["k2", "k3", "k4"].entries()) put(a, key, 100 + index);
  expect(a.use("k1", NO_TURN)).toBeUndefined();
  expect([a.size, b.size, tables.forgotten.get("groups")]).toEqual([3, 0, 1]);
});

it("drops one owner's part and leaves the others', here and in what is stored", () => {
  const tables = new StateTables();
  const { names } = tables.namesAskedBy(() => [part(tables, "a"), part(tables, "b")]);
  expect([...names]).toEqual(["a", "b"]);
  put(part(tables, "a"), "k1", 1);
  put(part(tables, "b"), "k1", 2);
  put(part(tables, "b"), "k2", 3);
  written(tables);
  tables.drop("b");
  const entries = written(tables);
  expect(entries.find(({ key }) => key.endsWith("k1"))?.value).toContain('{"a":1}');
  expect(entries.find(({ key }) => key.endsWith("k2"))?.value).toBeNull();
  expect([part(tables, "a").size, part(tables, "b").size]).toEqual([1, 0]);
});

it("goes on after a restart as if there had been none", () => {
  const use = fc.record({
    owner: fc.constantFrom("a", "b", "c"),
    key: fc.constantFrom("k1", "k2", "k3", "k4", "k5"),
  });
  fc.assert(
    fc.property(fc.array(use), fc.array(use), (before, after) => {
      const tables = new StateTables();
      const owners = (of: StateTables) => new Map(["a", "b", "c"].map((name) => [name, part(of, name)]));
      const run = (of: Map<string, RowPart<{ n: number }>>, uses: typeof before, from: number): void => {
        for (const [index, { owner, key }] of uses.entries()) {
          const to = of.get(owner);
          if (to !== undefined) put(to, key, from + index, from + index + 1);
        }
      };
      const kept = owners(tables);
      run(kept, before, 0);
      const restored = new StateTables();
      const restoredOwners = owners(restored);
      restored.load(written(tables, Number.POSITIVE_INFINITY).map((entry) => ({ ...entry, segment: 1 })));
      run(kept, after, 1000);
      run(restoredOwners, after, 1000);
      for (const [name, of] of kept) {
        const again = restoredOwners.get(name);
        expect([again?.size, again === undefined ? [] : shown(again)]).toEqual([of.size, shown(of)]);
      }
    }),
  );
});
