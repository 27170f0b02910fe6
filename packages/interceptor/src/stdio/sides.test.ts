import { keyedHash, keyedHasher } from "@tripline/events";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CallEnd, Interceptor } from "../interceptor.ts";
import { McpTap } from "../mcp/mcp-tap.ts";
import { ClientSide } from "./client-side.ts";
import { ServerSide } from "./server-side.ts";

const KEY = { id: "test", key: "5c".repeat(32) };

/** A tap that refuses the tool `evil`. */
function tap(ended: CallEnd[] = []): McpTap {
  const interceptor: Interceptor = {
    begin: ({ target }) =>
      target.tool === "evil"
        ? { kind: "deny", refusal: { revocationId: "r1", scope: "tool", reason: "because" } }
        : { kind: "allow", call: { id: "id", end: (end) => void ended.push(end) } },
    listed: () => undefined,
    mayRefuse: () => true,
    keyedHasher: () => keyedHasher(KEY),
    stats: () => {
      throw new Error("nobody asks for this");
    },
    close: async () => await Promise.resolve(),
  };
  return new McpTap({ interceptor, server: "s", transport: "stdio", caller: { assurance: "unknown" } });
}

/** Cuts a text into chunks of these sizes, and the rest. */
function* chunks(text: string, sizes: number[]): Generator<Buffer> {
  const bytes = Buffer.from(text);
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    if (at < bytes.length) yield bytes.subarray(at, at + size);
    at += size;
  }
}

const call = (id: number, name: string, note = "") =>
  `${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: { note } } })}\n`;

describe("what is refused on its way to the server", () => {
  it("is left out whole, and all else passes byte by byte, however the chunks fall and however long the lines are", () => {
    const line = fc.oneof(
      fc.constantFrom("\r\n", "no json\n", '{"a":"ü"}\r\n', call(1, "good")),
      fc
        .record({ id: fc.nat(99), size: fc.constantFrom(0, 10, 200_000) })
        .map(({ id, size }) => call(id, "evil", "x".repeat(size))),
    );
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.integer({ min: 1, max: 70_000 })), (lines, sizes) => {
        const forwarded: Buffer[] = [];
        const answers: number[] = [];
        const side = new ClientSide({
          tap: tap(),
          mayRefuse: () => true,
          forward: (pieces) => forwarded.push(...pieces),
          answer: (text) => answers.push(JSON.parse(text).id),
          onUnread: () => undefined,
        });
        for (const chunk of chunks(lines.join(""), sizes)) side.push(chunk);
        side.end();
        const isEvil = (text: string) => text.includes('"evil"');
        expect(Buffer.concat(forwarded).toString()).toBe(lines.filter((text) => !isEvil(text)).join(""));
        expect(answers).toEqual(lines.filter(isEvil).map((text) => JSON.parse(text).id));
      }),
      { numRuns: 50 },
    );
  });
});

describe("an answer in the server's place", () => {
  it("comes between two lines of the server's, never inside one", () => {
    const text = fc
      .array(fc.constantFrom("one\n", "two words\n", "\n", "last without newline"))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 6 })), fc.nat(12), (sent, sizes, when) => {
        const forwarded: Buffer[] = [];
        const side = new ServerSide({ tap: tap(), forward: (piece) => forwarded.push(piece) });
        let n = 0;
        for (const chunk of chunks(sent, sizes)) {
          if (n === when) side.answer("ANSWER");
          side.push(chunk);
          n += 1;
        }
        if (n <= when) side.answer("ANSWER");
        side.end();
        const lines = Buffer.concat(forwarded).toString().split("\n");
        expect(lines.filter((line) => line === "ANSWER")).toHaveLength(1);
        const rest = lines.filter((line) => line !== "ANSWER").join("\n");
        expect(rest.replace(/\n$/, "")).toBe(sent.replace(/\n$/, ""));
      }),
    );
  });
});

describe("an answer too large to be parsed", () => {
  it("ends its call with size and digest of the whole result, however the chunks fall", () => {
    const size = fc.integer({ min: 300_000, max: 400_000 });
    fc.assert(
      fc.property(
        size,
        fc.array(fc.integer({ min: 1, max: 150_000 })),
        fc.boolean(),
        (length, sizes, last) => {
          const ended: CallEnd[] = [];
          const side = tap(ended);
          side.fromClient(JSON.parse(call(7, "dump")));
          const server = new ServerSide({ tap: side, forward: () => undefined });
          const result = { content: [{ type: "text", text: "ü\n".repeat(length / 2) }] };
          const frame = last ? { jsonrpc: "2.0", id: 7, result } : { result, jsonrpc: "2.0", id: 7 };
          for (const chunk of chunks(`${JSON.stringify(frame)}\n`, sizes)) server.push(chunk);
          const whole = JSON.stringify(result);
          expect(ended).toMatchObject([
            { outcome: "ok", bytes: Buffer.byteLength(whole), wholeDigest: keyedHash(KEY, whole, 32) },
          ]);
        },
      ),
      { numRuns: 20 },
    );
  });
});
