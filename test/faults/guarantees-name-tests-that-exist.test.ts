import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/guarantees.md", ROOT), "utf8");
const named = [...page.matchAll(/`([\w./-]+\.test\.ts)`/g)].map((match) => match[1] ?? "");

describe("the table of faults", () => {
  it("names only tests that exist", () => {
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((file) => !existsSync(new URL(file, ROOT)))).toEqual([]);
  });

  it("names every test of a fault", () => {
    const here = readdirSync(new URL("test/faults/", ROOT)).filter((file) => file.endsWith(".test.ts"));
    const own = "guarantees-name-tests-that-exist.test.ts";
    expect(here.filter((file) => file !== own && !named.includes(`test/faults/${file}`))).toEqual([]);
  });

  it("says an outcome and a test for each fault", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("| ") && line.includes(".test.ts`"));
    for (const row of rows) {
      const cells = row.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "").trim());
      expect(cells.length, row).toBe(3);
      for (const cell of cells) expect(cell.length, row).toBeGreaterThan(5);
    }
  });
});
