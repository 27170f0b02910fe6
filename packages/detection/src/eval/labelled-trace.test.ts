import { describe, expect, it } from "vitest";
import { parseLabelledTrace } from "./labelled-trace.ts";
import { parseToolLists } from "./tool-lists.ts";

describe("a line of a labelled file", () => {
  it("needs calls and their tools only", () => {
    expect(
      parseLabelledTrace(
        '{"calls":[{"tool":"x"},{"tool":"y","args":null,"output":{"a":1},"error":null}]}',
        "f:3",
      ),
    ).toEqual({
      name: "f:3",
      suite: "default",
      label: "unlabelled",
      userTask: "f:3",
      injectionTask: null,
      exposedAt: null,
      calls: [
        { tool: "x", args: {}, output: null, error: null },
        { tool: "y", args: {}, output: '{"a":1}', error: null },
      ],
    });
  });

  it("is refused with its place when it is no run", () => {
    expect(() => parseLabelledTrace("{", "f:7")).toThrow("f:7: expected one JSON object a line");
    expect(() => parseLabelledTrace('{"calls":[{"args":{}}]}', "f:8")).toThrow("f:8: calls.0.tool");
    expect(() => parseLabelledTrace("[]", "f:9")).toThrow("f:9: ");
  });
});

describe("a tools file", () => {
  const tool = { name: "x", input_schema: { properties: { to: {} } } };
  it("has lists by suite, or one for all", () => {
    expect(parseToolLists(JSON.stringify({ s: [tool] }), "t").bySuite.get("s")?.[0]?.inputSchema).toEqual(
      tool.input_schema,
    );
    for (const all of [[tool], { tools: [tool] }])
      expect(parseToolLists(JSON.stringify(all), "t").everywhere.map(({ name }) => name)).toEqual(["x"]);
  });

  it("is refused when it is neither", () => {
    expect(() => parseToolLists('{"s":[{}]}', "t.json")).toThrow("t.json: expected tools by suite");
    expect(() => parseToolLists("[", "t.json")).toThrow("t.json: expected JSON");
  });
});
