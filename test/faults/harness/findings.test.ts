import { describe, expect, it } from "vitest";
import { findings, type WhatHappened } from "./findings.ts";

/** Two calls of one boot with their intents, a resend of the last, one chain with its alert and revocation. */
function whole(): WhatHappened {
  const record = (seq: number, type: string, callId: string, offset = seq) => ({
    partition: 0,
    offset,
    id: `r${seq}`,
    type,
    producer: "caller",
    boot: "boot",
    seq,
    callId,
  });
  const logged = [
    record(0, "call.intent", "a"),
    record(1, "call", "a"),
    record(2, "call.intent", "b"),
    record(3, "call", "b"),
  ];
  return {
    accepted: {
      intents: new Set(["a", "b"]),
      calls: new Set(["a", "b"]),
      chains: new Set(["local:thief"]),
      goodbyes: new Set(["boot"]),
      lost: [],
    },
    logged: [...logged, record(3, "call", "b", 4)],
    stored: logged.map(({ callId, ...rest }) => ({ ...rest, call_id: callId })),
    alerts: { logged: new Set(["x"]), stored: ["x"], expected: new Set(["x"]) },
    accused: ["local:thief"],
    revoked: ["local:thief"],
    deadLetters: 0,
    unsealed: [],
  };
}

describe("the comparison of a run with faults", () => {
  it("finds nothing where nothing is wrong, resends included", () => {
    expect(findings(whole())).toEqual([]);
  });

  const cases: [string, (run: WhatHappened) => WhatHappened, RegExp][] = [
    [
      "a lost call",
      (run) => ({ ...run, stored: run.stored.filter((row) => row.id !== "r3") }),
      /accepted calls that are not stored: b/,
    ],
    [
      "a gap in a boot's numbers",
      (run) => ({ ...run, stored: run.stored.filter((row) => row.seq !== 0) }),
      /place 0 of its numbers holds 1/,
    ],
    [
      "a doubled row",
      (run) => ({ ...run, stored: [...run.stored, ...run.stored.slice(-1)] }),
      /stored twice: r3/,
    ],
    ["a row from nowhere", (run) => ({ ...run, logged: run.logged.slice(0, 3) }), /not in the log: r3/],
    [
      "a key's records out of order",
      (run) => ({ ...run, logged: run.logged.map((record) => ({ ...record, offset: 10 - record.offset })) }),
      /stands behind/,
    ],
    [
      "a missing alert",
      (run) => ({ ...run, alerts: { ...run.alerts, logged: new Set(), stored: [] }, accused: [] }),
      /chains without an alert: local:thief/,
    ],
    [
      "an alert too many",
      (run) => ({ ...run, alerts: { ...run.alerts, logged: new Set(["x", "y"]), stored: ["x", "y"] } }),
      /does not raise: y/,
    ],
    ["an alert shown twice", (run) => ({ ...run, accused: ["local:thief", "local:thief"] }), /two alerts/],
    ["a key kept", (run) => ({ ...run, revoked: [] }), /was not taken away: local:thief/],
    ["a dead letter", (run) => ({ ...run, deadLetters: 1 }), /1 records are in the dead letters/],
    [
      "what callers lost",
      (run) => ({ ...run, accepted: { ...run.accepted, lost: ['{"dropped":{"spool_full":1}}'] } }),
      /callers lost records/,
    ],
  ];
  for (const [what, change, sentence] of cases) {
    it(`finds ${what}`, () => {
      expect(findings(change(whole())).join("\n")).toMatch(sentence);
    });
  }
});
