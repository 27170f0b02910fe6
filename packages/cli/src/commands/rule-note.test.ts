import { expect, it } from "vitest";
import { noteAbout } from "./rule-note.ts";

it("says when a rule that is switched on can do nothing", async () => {
  expect(await noteAbout("secret-read-then-sent")).toBeNull();
  expect(await noteAbout("tool-definition-changed")).toContain("never takes a key away");
  expect(await noteAbout("secret-read-then-send")).toMatch(/no shipped rule .*secret-read-then-sent/);
});
