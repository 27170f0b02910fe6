import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanLargeFrame } from "./large-frame.ts";

function scan(text: string) {
  return scanLargeFrame(text.slice(0, 200), text.slice(-100), text.length);
}

const id = fc.oneof(fc.integer(), fc.string({ maxLength: 20 }));

describe("a frame read from its two ends", () => {
  it("never has another id than the parsed frame, whatever is in it and in whatever order", () => {
    const member = fc.constantFrom("id", "result", "jsonrpc", "x");
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      id,
      fc.constant("2.0"),
      fc.constant({ jsonrpc: "2.0", id: 7 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(member, value), { maxLength: 6 }), (members) => {
        const text = JSON.stringify(Object.fromEntries(members));
        const found = scan(text);
        if (found !== null) expect(found.id).toBe(JSON.parse(text).id);
      }),
    );
  });

  it("is recognised as SDKs write it, with its text, its failure and where the result stands", () => {
    fc.assert(
      fc.property(id, fc.string(), fc.boolean(), (made, text, isError) => {
        const result = { content: [{ type: "text", text }], ...(isError ? { isError } : {}) };
        for (const frame of [
          { result, jsonrpc: "2.0", id: made },
          { jsonrpc: "2.0", id: made, result },
        ]) {
          const whole = JSON.stringify(frame);
          const bytes = Buffer.from(`${whole}\r\n`);
          const found = scanLargeFrame(`${whole}\r\n`, `${whole}\r\n`, bytes.length);
          expect(found).toMatchObject({ id: made, outcome: isError ? "tool_error" : "ok", text });
          expect(bytes.subarray(found?.from, found?.to).toString()).toBe(JSON.stringify(result));
        }
      }),
    );
  });

  it("is left alone when its form leaves a doubt", () => {
    expect(scan('{"id":9,"result":{"x":{},"jsonrpc":"2.0","id":7}}')).toBeNull();
    expect(scan('{"result":{"a":1},"id":7,"jsonrpc":"2.0"}')).toBeNull();
    expect(scan('{"jsonrpc":"2.0","id":1,"error":{"code":1}}')).toBeNull();
  });
});
