import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sampleAlert } from "../testing/sample-alert.ts";
import { isNarrow, literally, ownValuesLiterally, proposedWhere } from "./exception.ts";

describe("what is proposed", () => {
  test("the same credential, server and tool, and nothing wider", () => {
    expect(proposedWhere(sampleAlert())).toEqual({
      credential: "local:demo",
      server: "mail",
      tool: "send_email",
    });
    expect(proposedWhere(sampleAlert({ actor: undefined, target: undefined }))).toBeNull();
  });

  test("names that somebody chose to be wildcards are names", () => {
    const target = { server: "*", tool: "send?\\*" };
    const proposed = proposedWhere(sampleAlert({ target }));
    expect(proposed).toEqual({ credential: "local:demo", server: "\\*", tool: "send\\?\\\\\\*" });
    expect(ownValuesLiterally({ server: "*", tool: "send*" }, sampleAlert({ target }))).toEqual({
      server: "\\*",
      tool: "send*",
    });
  });
});

test.each([
  [{ credential: "local:demo" }, true],
  [{ server: ["mail", "files"] }, true],
  [{ server: "\\*" }, true],
  [{ server: "*", tool: "send_email" }, true],
  [{ server: "*" }, false],
  [{ server: ["mail", "*"] }, false],
  [{ server: [] }, false],
  [{ server: "" }, false],
  [{ "server|contains": "a" }, false],
  [{ type: "call" }, false],
  [{}, false],
])("%j is narrow: %s", (where, expected) => {
  expect(isNarrow(where)).toBe(expected);
});

test("whatever a name is, taken literally it has no wildcard", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (name) => {
      expect(isNarrow({ server: literally(name) })).toBe(true);
    }),
  );
});
