import { TriplineError } from "@tripline/events";
import { describe, expect, it } from "vitest";
import { createLogger } from "./logging.ts";
import { prettyLines } from "./pretty-lines.ts";

function collect() {
  const lines: string[] = [];
  return { lines, write: (line: string) => void lines.push(line) };
}

describe("logger", () => {
  it("hides what is named like a secret, whatever hands it over", () => {
    const sink = collect();
    const logger = createLogger({ service: "test", sink });
    logger.info({
      authorization: "s3cret",
      request: { headers: { authorization: "s3cret" } },
      a: { b: { token: "s3cret" } },
    });
    logger.child({ key: "s3cret" }).warn("child");
    expect(sink.lines).toHaveLength(2);
    expect(sink.lines.join("")).not.toContain("s3cret");
  });

  it("says the cause of an error, and nothing below its level", () => {
    const sink = collect();
    const logger = createLogger({ service: "test", level: "warn", sink });
    logger.info("not said");
    logger.error({ err: new Error("outer", { cause: new Error("inner") }) }, "failed");
    expect(sink.lines).toHaveLength(1);
    expect(sink.lines[0]).toContain("inner");
  });

  it("says what an error of ours is and why, and where any other came from", () => {
    const out = collect();
    const logger = createLogger({ service: "test", sink: prettyLines(out) });
    const cause = Object.assign(new Error("address in use"), { code: "EADDRINUSE" });
    logger.fatal(
      { err: new TriplineError("TRIPLINE_LISTEN", "choose another --port", { cause }) },
      "stopping",
    );
    expect(out.lines.slice(1)).toEqual(["  choose another --port\n", "  because: address in use\n"]);
    logger.fatal({ err: new TypeError("a defect") }, "stopping");
    expect(out.lines.slice(4).join("")).toMatch(/^ {2}a defect\n {4}at .*logging\.test\.ts/);
  });

  it("lets nothing steer the terminal", () => {
    const out = collect();
    createLogger({ service: "test", sink: prettyLines(out) }).info(
      { tool: "a\u001b[2Jb\u202e" },
      "evil\u001b]0;x\u0007\nline",
    );
    expect(out.lines.join("")).toMatch(/INFO {2}test: evil/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be there
    expect(out.lines.join("").trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });
});
