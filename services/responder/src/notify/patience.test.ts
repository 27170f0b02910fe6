import { isRetriable } from "@tripline/events";
import { describe, expect, test } from "vitest";
import { Patience } from "./patience.ts";

const busy = {
  kind: "retry",
  about: "receiver",
  reason: "the receiver answered 503",
  afterMs: undefined,
} as const;
const poison = { ...busy, about: "notification", reason: "the receiver answered 500" } as const;

function patienceAt(start: number) {
  let now = start;
  const patience = new Patience(() => now);
  const isWaiting = () => {
    try {
      patience.checkWait("x");
      return false;
    } catch (error) {
      expect(isRetriable(error)).toBe(true);
      return true;
    }
  };
  return {
    patience,
    pass: (ms: number) => {
      now += ms;
    },
    isWaiting,
  };
}

describe("how long a receiver is left alone", () => {
  test("twice as long each time, at most a minute", () => {
    const { patience, pass, isWaiting } = patienceAt(0);
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      patience.failed("x", busy);
      let waited = 0;
      while (isWaiting()) {
        pass(500);
        waited += 500;
      }
      waits.push(waited / 1000);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    patience.succeeded("x");
    expect(isWaiting()).toBe(false);
  });
  test("as long as it asks for, if that is longer", () => {
    const { patience, pass, isWaiting } = patienceAt(0);
    patience.failed("x", { ...busy, afterMs: 120_000 });
    pass(119_999);
    expect(isWaiting()).toBe(true);
    pass(1);
    expect(isWaiting()).toBe(false);
  });
  test("not when its settings changed", () => {
    const { patience, isWaiting } = patienceAt(0);
    patience.failed("x", { ...busy, afterMs: 3600_000 });
    patience.tryNow();
    expect(isWaiting()).toBe(false);
  });
});

test("a notification that keeps failing is given up though others of other partitions get through meanwhile", () => {
  const { patience, pass } = patienceAt(0);
  expect(patience.isExhausted("a", poison)).toBe(false);
  for (let minute = 0; minute < 5; minute++) {
    pass(60_000);
    patience.succeeded("another");
  }
  expect(patience.isExhausted("a", poison)).toBe(true);
});

test("one notification that keeps failing is given up after five minutes, a receiver that is down is not", () => {
  const { patience, pass } = patienceAt(0);
  expect(patience.isExhausted("a", poison)).toBe(false);
  pass(299_999);
  expect(patience.isExhausted("a", poison)).toBe(false);
  expect(patience.isExhausted("b", poison)).toBe(false);
  pass(300_000);
  expect(patience.isExhausted("b", poison)).toBe(true);
  expect(patience.isExhausted("b", busy)).toBe(false);
});
