import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { requirement } from "../../../../test/support/requirements.ts";
import { loadRuleSet } from "../../src/rule/load-rules.ts";
import { installPysigma, type PysigmaAnswer, readByPysigma } from "./pysigma.ts";
import { documentsOf } from "./trees.ts";

const INSTALL_MS = 300_000; // a virtual environment and a dozen packages from a package index
const { missing } = requirement("python");

function filesBelow(directory: string, suffix: string): string[] {
  const folder = fileURLToPath(new URL(directory, import.meta.url));
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => `${folder}${name}`);
}

const corpus = filesBelow("corpus/", ".yml");
const shipped = filesBelow("../../rules/", ".yaml");
const nameOf = (file: string): string => file.split("/").slice(-2).join("/");

describe("rules of Sigma's subset that we understand", () => {
  it("are many", () => {
    expect(corpus.length).toBeGreaterThanOrEqual(60);
  });

  it.each(corpus.map((file) => [nameOf(file), file]))("%s", (_name, file) => {
    const { rules, problems } = loadRuleSet([{ file, text: readFileSync(file, "utf8") }]);
    expect(problems).toEqual([]);
    expect(rules.length).toBeGreaterThan(0);
  });
});

describe.skipIf(missing)("pySigma", () => {
  let answers = new Map<string, PysigmaAnswer>();
  beforeAll(() => {
    installPysigma();
    answers = readByPysigma([...corpus, ...shipped]);
  }, INSTALL_MS);

  it.each([...corpus, ...shipped].map((file) => [nameOf(file), file]))(
    "reads the same in %s",
    (_name, file) => {
      const answer = answers.get(file);
      if (answer === undefined || "error" in answer) throw new Error(answer?.error ?? "no answer");
      expect(answer.documents.toSorted(byName)).toEqual(
        documentsOf(file, readFileSync(file, "utf8")).toSorted(byName),
      );
    },
  );
});

/** pySigma puts what is referred to before what refers to it. */
function byName(a: unknown, b: unknown): number {
  return JSON.stringify(Object(a).name) < JSON.stringify(Object(b).name) ? -1 : 1;
}
