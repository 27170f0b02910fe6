import { describe, expect, it } from "vitest";
import type { CallEnd, CallStart, Interceptor, ListedTools } from "../interceptor.ts";
import { McpTap } from "./mcp-tap.ts";
import { endOfResult } from "./result-text.ts";

/** Writes down what a tap says, and refuses the tool `evil`. */
function noted() {
  const begun: CallStart[] = [];
  const ended: CallEnd[] = [];
  const listed: ListedTools[] = [];
  const interceptor: Pick<Interceptor, "begin" | "listed"> = {
    begin: (start) => {
      if (start.target.tool === "evil") {
        return { kind: "deny", refusal: { revocationId: "r1", scope: "tool", reason: "because" } };
      }
      begun.push(start);
      return { kind: "allow", call: { id: "id", end: (end) => void ended.push(end) } };
    },
    listed: (listing) => void listed.push(listing),
  };
  const tap = new McpTap({
    interceptor: { ...interceptor, mayRefuse: () => true, keyedHasher: unused, stats: unused, close: unused },
    server: "files",
    transport: "stdio",
    caller: { assurance: "unknown" },
  });
  return { tap, begun, ended, listed };
}

function unused(): never {
  throw new Error("a tap does not ask for this");
}

function call(id: string | number, name = "read", more: Record<string, unknown> = {}) {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: { id }, ...more } };
}

function answer(id: string | number, text: string) {
  return { jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } };
}

describe("pairing", () => {
  it('tells 1 from "1", and answers one id that is used twice in order', () => {
    const { tap, ended } = noted();
    tap.fromClient(call(1));
    tap.fromClient(call("1"));
    tap.fromServer(answer("1", "text"));
    tap.fromServer(answer(1, "number"));
    tap.fromServer(answer(1, "nobody asked"));
    tap.fromClient(call(2));
    tap.fromClient(call(2));
    tap.fromServer(answer(2, "first"));
    tap.fromServer(answer(2, "second"));
    expect(ended.map((end) => "text" in end && end.text)).toEqual(["text", "number", "first", "second"]);
    expect(tap.open).toBe(0);
  });

  it("leaves requests of the server, notifications and other methods alone", () => {
    const { tap, begun, ended } = noted();
    tap.fromServer({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "x" } });
    tap.fromClient({ jsonrpc: "2.0", method: "tools/call", params: { name: "x" } });
    tap.fromClient({ jsonrpc: "2.0", id: 2, method: "resources/read", params: {} });
    for (const odd of [null, 1, "x", [], [null], {}, { id: {} }, { id: 1, method: 2 }]) {
      expect(tap.fromClient(odd)).toEqual({ kind: "forward" });
      tap.fromServer(odd);
    }
    expect(begun).toEqual([]);
    expect(ended).toEqual([]);
  });

  it("ends what is cancelled, timed out or left open", () => {
    const { tap, ended } = noted();
    for (const id of [1, 2, 3]) tap.fromClient(call(id));
    const cancel = (requestId: number, reason?: string) =>
      tap.fromClient({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId, reason } });
    cancel(1, "the user stopped it");
    cancel(2, "McpError: MCP error -32001: Request timed out");
    tap.closed();
    expect(ended.map(({ outcome }) => outcome)).toEqual(["cancelled", "timeout", "in_doubt"]);
  });
});

describe("refusals", () => {
  it("answer in the server's place, and let the rest of a batch pass", () => {
    const { tap, begun } = noted();
    const verdict = tap.fromClient([call(1), call(2, "evil"), { jsonrpc: "2.0", method: "ping" }]);
    expect(verdict).toMatchObject({
      kind: "refuse",
      answer: [
        {
          id: 2,
          error: { code: -31403, data: { retryable: false, revocation_id: "r1", reason: "because" } },
        },
      ],
      rest: [{ id: 1 }, { method: "ping" }],
    });
    expect(begun).toHaveLength(1);
    expect(tap.fromClient([call(3, "evil")])).toMatchObject({ rest: null });
  });
});

describe("who and where", () => {
  it("takes clientInfo as a label from both protocol generations, and the trace from _meta", () => {
    const { tap, begun } = noted();
    tap.fromClient({
      jsonrpc: "2.0",
      id: 0,
      method: "initialize",
      params: { clientInfo: { name: "old", version: "1" } },
    });
    tap.fromClient(call(1));
    const trace = "0af7651916cd43dd8448eb211c80319c";
    tap.fromClient(
      call(2, "read", {
        _meta: {
          "io.modelcontextprotocol/clientInfo": { name: "new" },
          traceparent: `00-${trace}-b7ad6b7169203331-01`,
        },
      }),
    );
    expect(begun.map(({ caller }) => caller.client)).toEqual(["old 1", "new"]);
    expect(begun[1]?.session).toEqual({
      id: trace,
      source: "trace",
      trace_id: trace,
      span_id: "b7ad6b7169203331",
    });
  });

  it("puts the pages of a listing together", () => {
    const { tap, listed } = noted();
    const list = (id: number, cursor?: string) =>
      tap.fromClient({ jsonrpc: "2.0", id, method: "tools/list", params: { cursor } });
    const page = (id: number, name: string, nextCursor?: string) =>
      tap.fromServer({ jsonrpc: "2.0", id, result: { tools: [{ name }], nextCursor } });
    list(1);
    page(1, "a", "p2");
    list(2, "p2");
    page(2, "b");
    expect(listed.map(({ tools, complete }) => [tools.map(({ name }) => name), complete])).toEqual([
      [["a"], false],
      [["a", "b"], true],
    ]);
  });
});

describe("the text an agent reads", () => {
  it.each<[string, Record<string, unknown>, string, number]>([
    [
      "texts",
      {
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
      "a\nb",
      2,
    ],
    ["a resource", { content: [{ type: "resource", resource: { uri: "x:", text: "in it" } }] }, "in it", 1],
    [
      "an image",
      { content: [{ type: "image", mimeType: "image/png", data: "AAAA" }] },
      "[image image/png, 4 bytes of base64]",
      1,
    ],
    ["structured content", { content: [], structuredContent: { rows: [1, 2, 3] } }, '{"rows":[1,2,3]}', 3],
    [
      "structured content said twice",
      { content: [{ type: "text", text: '{ "a": 1 }' }], structuredContent: { a: 1 } },
      '{ "a": 1 }',
      1,
    ],
    [
      "structured content beside another text",
      { content: [{ type: "text", text: "done" }], structuredContent: { a: 1 } },
      'done\n{"a":1}',
      1,
    ],
    [
      "a request for input",
      { resultType: "input_required", requestState: "s", _meta: {} },
      '{"resultType":"input_required","requestState":"s"}',
      0,
    ],
  ])("of %s", (_, result, text, items) => {
    expect(endOfResult(result)).toMatchObject({ outcome: "ok", text, items });
  });
});
