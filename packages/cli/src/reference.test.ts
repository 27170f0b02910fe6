import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createProgram, everyCommand } from "./program.ts";
import { cliReference, leaves, pathOf } from "./reference.ts";

const program = createProgram({
  out: () => undefined,
  err: () => undefined,
  env: {},
  home: "/",
  now: () => new Date(0),
  width: 100,
  signal: new AbortController().signal,
});
const docs = readFileSync(new URL("../../../docs/cli.md", import.meta.url), "utf8");

describe("docs/cli.md", () => {
  it("is as the commands are now (run: npx node packages/cli/scripts/generate-docs.ts)", () => {
    expect(docs).toBe(cliReference(program));
  });

  it("names every command and every option", () => {
    for (const command of leaves(program)) expect(docs).toContain(`## ${pathOf(command)}`);
    for (const option of everyCommand(program).flatMap((command) => command.options))
      expect(docs).toContain(option.flags);
  });

  it("has words for each of them", () => {
    for (const command of everyCommand(program)) {
      expect(command.description(), pathOf(command)).not.toBe("");
      for (const option of command.options) expect(option.description, option.flags).not.toBe("");
    }
  });
});
