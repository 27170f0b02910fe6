import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Heartbeat, HeartbeatChain } from "./heartbeat-chain.ts";

const digestOf = (text: string) => hash("sha256", text, "hex");
const hashOf = (texts: readonly string[]) =>
  hash("sha256", Buffer.from(texts.map(digestOf).join(""), "hex"), "hex");

describe("heartbeat chain", () => {
  it("covers every envelope of a boot exactly once, heartbeats included, but the last", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 6 }), (intervals) => {
        const chain = new HeartbeatChain(0);
        const written: string[] = [];
        const heartbeats: Heartbeat[] = [];
        for (const records of intervals) {
          for (let n = 0; n < records; n += 1) {
            const text = `envelope ${written.length}`;
            written.push(text);
            chain.add(digestOf(text));
          }
          const heartbeat = chain.next(written.length * 1000, written.length, false);
          heartbeats.push(heartbeat);
          const text = JSON.stringify(heartbeat);
          written.push(text);
          chain.accepted(heartbeat, digestOf(text));
        }
        let [before, previous] = [0, null as string | null];
        for (const heartbeat of heartbeats) {
          expect(heartbeat.from_seq).toBe(before);
          expect(heartbeat.previous).toBe(previous);
          expect(heartbeat.hash).toBe(hashOf(written.slice(heartbeat.from_seq, heartbeat.to_seq)));
          [before, previous] = [heartbeat.to_seq, heartbeat.hash];
        }
        expect(before).toBe(written.length - 1);
      }),
    );
  });

  it("goes on with the interval when its heartbeat was not accepted", () => {
    const chain = new HeartbeatChain(1000);
    chain.countDropped("spool_full", 2);
    chain.next(2000, 3, false);
    chain.add(digestOf("late"));
    chain.countDropped("spool_full", 1);
    const heartbeat = chain.next(3000, 6, true);
    expect(heartbeat).toEqual({
      from: "1970-01-01T00:00:01.000Z",
      to: "1970-01-01T00:00:03.000Z",
      from_seq: 0,
      to_seq: 6,
      dropped: { spool_full: 3 },
      hash: hashOf(["late"]),
      previous: null,
      goodbye: true,
    });
    chain.accepted(heartbeat, digestOf("heartbeat"));
    expect(chain.next(4000, 7, false)).toMatchObject({
      from: heartbeat.to,
      from_seq: 6,
      dropped: {},
      hash: hashOf(["heartbeat"]),
      previous: heartbeat.hash,
    });
  });
});
