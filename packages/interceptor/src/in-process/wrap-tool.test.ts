import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { Harness } from "../../test/support/harness.ts";
import { CallRefusedError, type WrapToolOptions, wrapTool, wrapToolObject } from "./wrap-tool.ts";

let harness: Harness;
let options: WrapToolOptions;

beforeEach(() => {
  harness = new Harness();
  options = {
    interceptor: harness.interceptor,
    server: "functions",
    caller: { credential: "local:demo", assurance: "asserted" },
  };
});

afterEach(async () => {
  await harness.close();
});

describe("wrapTool", () => {
  it("records what a function returns, resolves with or throws", async () => {
    const plain = wrapTool("plain", (input: { n: number }) => input.n + 1, options);
    const later = wrapTool("later", async (input: string) => ({ got: input }), options);
    const bad = wrapTool("bad", async () => Promise.reject(new Error("no")), options);
    expect(plain({ n: 1 })).toBe(2);
    expect(await later('{"a":1}')).toEqual({ got: '{"a":1}' });
    await expect(bad()).rejects.toThrow("no");
    await waitFor(() => harness.calls.length === 3);
    expect(harness.outcomes).toEqual(["ok", "ok", "tool_error"]);
    expect(harness.calls.map(({ payload }) => payload?.result)).toEqual(["2", '{"got":"{\\"a\\":1}"}', "no"]);
    const intents = harness.sender.records.filter(({ envelope }) => envelope.type === "call.intent");
    expect(intents.map(({ payload }) => payload?.args)).toEqual([{ n: 1 }, { a: 1 }, undefined]);
  });

  it("follows an async generator to its end, and notices one that is left", async () => {
    const count = wrapTool(
      "count",
      async function* (to: number) {
        for (let n = 1; n <= to; n += 1) yield n;
      },
      options,
    );
    const seen: number[] = [];
    for await (const n of count(3)) seen.push(n);
    for await (const n of count(3)) if (n === 2) break;
    await waitFor(() => harness.calls.length === 2);
    expect(seen).toEqual([1, 2, 3]);
    expect(harness.outcomes).toEqual(["ok", "cancelled"]);
    expect(harness.calls[0]?.payload?.result).toBe("3");
  });

  it("refuses: asynchronous functions reject, others throw", async () => {
    harness.revoke();
    const plain = wrapTool("plain", () => 1, options);
    const later = wrapTool("later", async () => 1, options);
    expect(() => plain()).toThrow(CallRefusedError);
    await expect(later()).rejects.toMatchObject({
      code: "TRIPLINE_CALL_REFUSED",
      refusal: { scope: "credential" },
    });
  });
});

describe("wrapToolObject", () => {
  it.each(["execute", "func", "run", "invoke"])("wraps a tool's %s and keeps its this", async (key) => {
    const tool = {
      name: "tool",
      base: 1,
      [key](this: { base: number }, { n }: { n: number }): number {
        return this.base + n;
      },
    };
    const wrapped = wrapToolObject(tool, options) as unknown as Record<string, (input: object) => number>;
    expect(wrapped[key]?.({ n: 1 })).toBe(2);
    await waitFor(() => harness.calls.length === 1);
    expect(harness.calls[0]?.envelope.target?.tool).toBe("tool");
  });

  it("says what is missing", () => {
    expect(() => wrapToolObject({ name: "x" }, options)).toThrow(/wrapTool\(\)/);
  });
});
