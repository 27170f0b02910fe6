import { expect, test } from "vitest";
import { quietly } from "./quiet-log.ts";

test("the same message is said once in half a minute, with how often it came; others at once", () => {
  const said: string[] = [];
  let time = 0;
  const log = quietly<"warn" | "error">(
    (level, message) => said.push(`${level} ${message}`),
    () => time,
  );
  for (let i = 0; i < 5; i++) log({ level: "error", message: "refused" });
  log({ level: "warn", message: "other" });
  time = 30_000;
  log({ level: "error", message: "refused" });
  log({ level: "error", message: "refused" });
  expect(said).toEqual(["error refused", "warn other", "error refused (and 4 times since the last)"]);
});
