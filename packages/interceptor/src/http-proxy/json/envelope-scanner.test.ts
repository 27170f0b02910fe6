import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EnvelopeScanner, type Scanned } from "./envelope-scanner.ts";

/** Scans the text in pieces of the given sizes (repeated). */
function scan(text: string | Buffer, sizes: readonly number[] = [1 << 20]): Scanned {
  const bytes = Buffer.from(text);
  const scanner = new EnvelopeScanner();
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    scanner.push(bytes.subarray(at, at + size));
    at += size;
  }
  return scanner.finish();
}

const anyJson = fc.jsonValue({ maxDepth: 4 });
const someSizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
const anyId = fc.oneof(fc.integer(), fc.string());

describe("EnvelopeScanner", () => {
  it("finds in any request, cut anywhere, what JSON.parse finds", () => {
    fc.assert(
      fc.property(
        fc.record({ id: anyId, method: fc.string(), name: fc.string(), args: anyJson, meta: anyJson }),
        fc.shuffledSubarray(["jsonrpc", "id", "method", "params"], { minLength: 4 }),
        fc.boolean(),
        fc.constantFrom(undefined, 1, 3),
        someSizes,
        ({ id, method, name, args, meta }, order, nameFirst, indent, sizes) => {
          const params = nameFirst
            ? { name, _meta: meta, arguments: args }
            : { arguments: args, _meta: meta, name };
          const whole: Record<string, unknown> = { jsonrpc: "2.0", id, method, params };
          const message = Object.fromEntries(order.map((key) => [key, whole[key]]));
          const scanned = scan(JSON.stringify(message, null, indent), sizes);
          expect(scanned).toMatchObject({ kind: "messages", batch: false });
          if (scanned.kind !== "messages") return;
          const [found] = scanned.messages;
          expect(found).toMatchObject({ method, name });
          expect(JSON.parse(found?.id ?? "")).toEqual(id);
          expect(found?.ambiguous).toBeUndefined();
          if (indent === undefined) {
            const text = JSON.stringify(args);
            expect(found?.measured).toEqual({
              bytes: Buffer.byteLength(text),
              digest: hash("sha256", text, "hex"),
            });
          }
        },
      ),
    );
  });

  it("reads as JSON what JSON.parse reads as JSON", () => {
    fc.assert(
      fc.property(anyJson, someSizes, (value, sizes) => {
        expect(scan(JSON.stringify(value), sizes).kind).toBe("messages");
      }),
    );
  });

  it("never reads a text as complete that JSON.parse finds cut or continued", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), anyJson),
        fc.nat(),
        fc.constantFrom("}", "1", '"', "{}", ","),
        (value, cut, more) => {
          const text = JSON.stringify(value);
          expect(scan(text.slice(0, cut % text.length)).kind).toBe("unreadable");
          expect(scan(text + more).kind).toBe("unreadable");
        },
      ),
    );
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), someSizes, (bytes, sizes) => {
        expect(["messages", "unreadable"]).toContain(scan(Buffer.from(bytes), sizes).kind);
      }),
    );
  });

  it("takes the envelope's keys from the envelope only, not from what looks like it inside", () => {
    const inner = '{\\"method\\":\\"tools/call\\"}';
    const scanned = scan(
      `{"params":{"arguments":{"method":"a","name":"b","id":3,"params":{"name":"c"},"s":"${inner}"},"name":"real"},"id":"7","method":"m"}`,
    );
    expect(scanned).toMatchObject({ messages: [{ id: '"7"', method: "m", name: "real" }] });
  });

  it("reads answers: result, isError, errors", () => {
    const scanned = scan(
      '[{"result":{"isError":true,"content":[]},"jsonrpc":"2.0","id":1},{"id":2,"error":{"code":-32602,"message":"no\\n"}}]',
    );
    expect(scanned).toMatchObject({
      batch: true,
      messages: [
        { id: "1", hasResult: true, isError: true },
        { id: "2", hasError: true, errorCode: "-32602", errorMessage: "no\n" },
      ],
    });
  });

  it.each([
    ['{"method":"a","method":"b"}', "method appears twice"],
    ['{"method":"a","m\\u0065thod":"b"}', "method appears twice"],
    ['{"METHOD":"a"}', "another case"],
    ['{"params":{"name":"a","Name":"b"}}', "another case"],
    ['{"params":{"name":"a"},"params":{"name":"b"}}', "appears twice"],
    ['{"id":1,"paramſ":{}}', "another case"],
  ])("says that %s is ambiguous", (text, why) => {
    const scanned = scan(text, [2]);
    expect(scanned.kind === "messages" ? scanned.messages[0]?.ambiguous : "").toContain(why);
  });

  it("bounds depth, and the length of names", () => {
    expect(scan("[".repeat(2_000)).kind).toBe("unreadable");
    expect(scan(JSON.stringify({ method: "m".repeat(9_000) })).kind).toBe("unreadable");
    expect(scan(JSON.stringify({ ["k".repeat(9_000)]: 1, method: "m" })).kind).toBe("messages");
  });

  it("takes a text full of escapes in time that grows with its length", () => {
    const text = JSON.stringify({ method: "m", params: { arguments: '\n"\\'.repeat(700_000) } });
    expect(scan(text, [65_536])).toMatchObject({ messages: [{ method: "m" }] });
  });
});
