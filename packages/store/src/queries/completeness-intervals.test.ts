import { hash } from "node:crypto";
import { HeartbeatChain } from "@tripline/events";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ChainLink,
  countOf,
  IntervalHash,
  judgeChain,
  judgeInterval,
  missingRanges,
  within,
} from "./completeness-intervals.ts";

const digest = (seq: number, text = "record") => hash("sha256", `${text} ${seq}`, "hex");

/** What a producer does: records, some dropped, a heartbeat where the pattern says so. */
function produce(pattern: readonly ("record" | "drop" | "heartbeat")[]) {
  const chain = new HeartbeatChain(0);
  const stored = new Map<number, string>();
  const links: ChainLink[] = [];
  let seq = 0;
  for (const what of pattern) {
    if (what === "heartbeat") {
      const heartbeat = chain.next(seq, seq, false);
      chain.accepted(heartbeat, digest(seq));
      links.push({ seq, heartbeat });
      stored.set(seq, digest(seq));
    } else if (what === "record") {
      chain.add(digest(seq));
      stored.set(seq, digest(seq));
    } else chain.countDropped("spool_full", 1);
    seq += 1;
  }
  return { stored, links };
}

function examine({ seq, heartbeat }: ChainLink, stored: ReadonlyMap<number, string>) {
  const hashed = new IntervalHash();
  const present = [...stored.keys()]
    .filter((each) => each >= heartbeat.from_seq && each < seq)
    .sort((a, b) => a - b);
  for (const each of present) hashed.add([stored.get(each) ?? ""]);
  const missing = missingRanges(present, heartbeat.from_seq, seq);
  return {
    counted: judgeInterval({ heartbeat, missing, hashMatches: null }),
    hashed: judgeInterval({ heartbeat, missing, hashMatches: hashed.matches(heartbeat.hash) }),
  };
}

const histories = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant("record" as const) },
      { weight: 1, arbitrary: fc.constant("drop" as const) },
      { weight: 2, arbitrary: fc.constant("heartbeat" as const) },
    ),
    { maxLength: 60 },
  )
  .map(produce);

describe("missing ranges", () => {
  it("are what a set says, for any numbers", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(80)), fc.nat(80), fc.nat(80), (numbers, from, length) => {
        const present = new Set(numbers);
        const wanted = Array.from({ length }, (_, index) => from + index).filter((seq) => !present.has(seq));
        const ranges = missingRanges(
          [...numbers].sort((a, b) => a - b),
          from,
          from + length,
        );
        const named = ranges.flatMap(({ first_seq, last_seq }) =>
          Array.from({ length: last_seq - first_seq + 1 }, (_, index) => first_seq + index),
        );
        expect(named).toEqual(wanted);
        expect(countOf(ranges)).toBe(wanted.length);
        expect(within(ranges, from, from + length)).toEqual(ranges);
      }),
    );
  });
});

describe("an interval", () => {
  it("is whole, or the producer's own drops, whenever all is stored that was on file", () => {
    fc.assert(
      fc.property(histories, ({ stored, links }) => {
        for (const [index, link] of links.entries()) {
          const { dropped } = link.heartbeat;
          const expected = dropped.spool_full === undefined ? "whole" : "dropped";
          expect(examine(link, stored)).toEqual({ counted: expected, hashed: expected });
          expect(judgeChain(link, links[index - 1] ?? null)).toBe("continues");
        }
      }),
    );
  });

  it("misses any record that is taken away, and no other interval does", () => {
    fc.assert(
      fc.property(histories, fc.nat(), ({ stored, links }, pick) => {
        const victims = [...stored.keys()].filter((seq) => seq < (links.at(-1)?.seq ?? 0));
        const victim = victims[pick % Math.max(1, victims.length)];
        fc.pre(victim !== undefined);
        const left = new Map(stored);
        left.delete(victim);
        for (const link of links) {
          const hit = victim >= link.heartbeat.from_seq && victim < link.seq;
          const { counted, hashed } = examine(link, left);
          if (hit) expect([counted, hashed]).toEqual(["missing", "missing"]);
          else expect(["whole", "dropped"]).toContain(hashed);
        }
      }),
    );
  });

  it("is altered when any record differs, or one stands under a number that was dropped", () => {
    fc.assert(
      fc.property(histories, fc.nat(), ({ links, stored }, pick) => {
        const end = links.at(-1)?.seq ?? 0;
        fc.pre(end > 0);
        const victim = pick % end;
        const changed = new Map(stored).set(victim, digest(victim, "something else"));
        const hit = links.find(({ heartbeat, seq }) => victim >= heartbeat.from_seq && victim < seq);
        expect(hit && examine(hit, changed).hashed).toBe("altered");
      }),
    );
  });

  it("of which a number was used twice is whole when one of the two is the producer's", () => {
    const { stored, links } = produce(["record", "record", "record", "heartbeat"]);
    const [link] = links;
    const read = (forged: string[]) => {
      const hashed = new IntervalHash();
      for (const seq of [0, 1, 2]) hashed.add(seq === 1 ? forged : [stored.get(seq) ?? ""]);
      return hashed.matches(link?.heartbeat.hash ?? "");
    };
    expect(read([digest(1, "forged"), digest(1)])).toBe(true);
    expect(read([digest(1, "forged"), digest(1, "forged too")])).toBe(false);
    const many = new IntervalHash();
    for (let seq = 0; seq < 20; seq += 1) many.add([digest(seq, "a"), digest(seq, "b")]);
    expect(many.matches(link?.heartbeat.hash ?? "")).toBeNull();
  });
});

describe("a chain", () => {
  const { links } = produce(["record", "heartbeat", "record", "heartbeat", "heartbeat"]);
  const [first, second, third] = links;

  it("says which heartbeat is not there, differs, or tells of the same numbers as another", () => {
    if (first === undefined || second === undefined || third === undefined) throw new Error("no chain");
    expect(judgeChain(second, null)).toBe("heartbeat_missing");
    expect(judgeChain(third, first)).toBe("heartbeat_missing");
    const other = { seq: first.seq, heartbeat: { ...first.heartbeat, hash: digest(9) } };
    expect(judgeChain(second, other)).toBe("previous_differs");
    expect(judgeChain({ ...second, seq: 99 }, first)).toBe("numbers_differ");
    expect(judgeChain({ ...first, seq: 7 }, second)).toBe("overlaps");
  });
});
