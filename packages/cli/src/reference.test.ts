import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "./commands/all.ts";
import { createProgram, everyCommand } from "./program.ts";
import { cliReference, leaves, pathOf } from "./reference.ts";

const context = {
  out: () => undefined,
  err: () => undefined,
  env: {},
  home: "/",
  now: () => new Date(0),
  width: 100,
  signal: new AbortController().signal,
};
const program = await createProgram(context);
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

describe("a command line", () => {
  const namesOf = async (...argv: string[]): Promise<string[]> =>
    (await createProgram(context, argv)).commands.map((command) => command.name());

  it("loads the command that it names, by the name it has", async () => {
    for (const name of COMMANDS.keys()) expect(await namesOf(name, "--help")).toEqual([name]);
    expect(await namesOf("--data", "verify", "--json", "calls", "--since", "today")).toEqual(["calls"]);
    expect(await namesOf("--url=http://127.0.0.1", "alerts")).toEqual(["alerts"]);
  });

  it("loads all for help, and for who names none", async () => {
    const all = [...COMMANDS.keys()];
    for (const argv of [[], ["--help"], ["help", "calls"], ["cals"]])
      expect(await namesOf(...argv)).toEqual(all);
  });
});
