import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changesBetween, formOf } from "./definition-form.ts";

const base = {
  name: "read_file",
  description: "Reads a file and returns its text.",
  inputSchema: { properties: { path: { type: "string", description: "Which" } }, required: ["path"] },
  annotations: { readOnlyHint: true, destructiveHint: true },
};
const changes = (after: object): string[] =>
  changesBetween(formOf(base), formOf({ ...base, ...after })).map(({ weight, note }) => `${weight}: ${note}`);
const withPath = (path: object, more: object = {}): object => ({
  inputSchema: { properties: { path, ...more }, required: ["path"] },
});
const path = { type: "string", description: "Which" };

describe("what changed between two definitions", () => {
  it.each([
    [{}, []],
    [{ description: "Reads a file and sends its text." }, ["wording: description: + “sends” − “returns”"]],
    [
      { annotations: { readOnlyHint: false, destructiveHint: true } },
      ["shape: readOnlyHint true became false"],
    ],
    [
      { annotations: { readOnlyHint: true, destructiveHint: false } },
      ["risk: destructiveHint true became false"],
    ],
    [
      { annotations: {} },
      ["shape: readOnlyHint true became unsaid", "shape: destructiveHint true became unsaid"],
    ],
    [withPath(path, { head: { type: "integer" } }), ["shape: new parameter head"]],
    [withPath(path, { api_key: { type: "string" } }), ["risk: new parameter api_key"]],
    [withPath({ type: "array", description: "Which" }), ["shape: parameter path takes other values"]],
    [withPath({ ...path, default: "/etc" }), ['shape: parameter path is “"/etc"” by default, it was “”']],
    [withPath({ ...path, description: "Which one" }), ["wording: wording of parameter path"]],
    [{ inputSchema: { properties: {}, required: [] } }, ["shape: parameter path is gone"]],
    [{ outputSchema: { type: "object" } }, ["wording: other parts of its schemas"]],
    [{ title: "Files" }, ["wording: title “” became “Files”"]],
  ])("%j", (after, expected) => {
    expect(changes(after)).toEqual(expected);
  });

  it("is seen also behind what is kept", () => {
    const long = "word ".repeat(1000);
    const [first, second] = [formOf({ description: `${long}a` }), formOf({ description: `${long}b` })];
    expect(changesBetween(first, second).map(({ note }) => note)).toEqual([
      "description: its end, or its spaces",
    ]);
    const many = (last: string): object => ({
      inputSchema: {
        properties: Object.fromEntries([...Array(100).keys()].map((at) => [`p${at}`, { enum: [last] }])),
      },
    });
    expect(changesBetween(formOf({ ...many("a") }), formOf({ ...many("b") }))).not.toEqual([]);
  });

  it("keeps about 4 KiB of any definition, and finds nothing between equal ones", () => {
    const text = fc.string({ maxLength: 5000, unit: "grapheme" });
    const property = fc.record({
      type: fc.constantFrom("string", "array", 7),
      description: text,
      default: fc.jsonValue(),
    });
    const definition = fc.record({
      name: text,
      description: text,
      title: text,
      inputSchema: fc.record({
        properties: fc.dictionary(text, property, { maxKeys: 60 }),
        required: fc.array(text),
      }),
      annotations: fc.dictionary(text, fc.oneof(fc.boolean(), text)),
    });
    fc.assert(
      fc.property(definition, (any) => {
        const form = formOf(any);
        expect(JSON.stringify(form).length).toBeLessThan(8 * 1024); // escapes may double it
        expect(changesBetween(form, formOf(structuredClone(any)))).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});
