import { expect, it } from "vitest";
import { RecordView } from "./record-view.ts";

const view = (): RecordView =>
  new RecordView(
    {
      envelope: {
        v: 1,
        id: "a",
        type: "call",
        time: "2026-01-01T00:00:00.000Z",
        tenant: "acme",
        producer: { id: "p", boot: "b", seq: 1 },
        target: { server: "files", tool: "read_file" },
        call: { id: "c", method: "tools/call", outcome: "ok" },
        payload_hash: "0",
      },
      payload: {
        salt: "0",
        args: { path: ".env", to: "ben@acme.example" },
        result: "see https://x.example/1",
      },
    },
    {
      time: 1,
      appendTime: 1,
      phase: "whole",
      listed: null,
      tools: { profileOf: () => ({ effects: 1, classes: 1, acts: true }) },
      begun: null,
      internalHosts: [],
      keyedFields: new Set(["tool"]),
    },
  );

const PARTS = Object.entries(Object.getOwnPropertyDescriptors(RecordView.prototype)).flatMap(
  ([name, { get }]) => (get === undefined ? [] : [{ name, get }]),
);

it("has parts to look at", () => {
  expect(PARTS.map(({ name }) => name)).toContain("resultDestinations");
});

const KNOWN_BY_THE_PLAN = ["succeeded"]; // what of a record every plan is made for

it.each(PARTS)("notes that $name was looked at, each time", ({ name, get }) => {
  const looked = view();
  get.call(looked);
  const first = looked.reads;
  if (!KNOWN_BY_THE_PLAN.includes(name)) expect(first).not.toBe(0);
  looked.reads = 0;
  get.call(looked);
  expect(looked.reads).toBe(first);
});

it("notes a keyed field only where findings are not remembered by it", () => {
  const looked = view();
  expect(looked.keyed("tool", ({ target }) => target?.tool)).toBe("read_file");
  expect(looked.reads).toBe(0);
  looked.keyed("server", ({ target }) => target?.server);
  expect(looked.reads).not.toBe(0);
});

it("reads an argument's texts at and below its path", () => {
  const looked = view();
  expect(looked.argumentTexts("path")).toEqual([".env"]);
  looked.reads = 0;
  expect(looked.argumentTexts("pa")).toBeUndefined();
  expect(looked.reads).not.toBe(0);
});
