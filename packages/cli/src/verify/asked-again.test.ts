import { TriplineError } from "@tripline/events";
import { expect, it } from "vitest";
import { CommandFailed, EXIT } from "../exit.ts";
import { AskedAgain } from "./asked-again.ts";

const signal = new AbortController().signal;
const broken = () =>
  new TriplineError("TRIPLINE_STORE_UNAVAILABLE", "the connection broke", { kind: "retriable" });
const failing = (errors: Error[]) => async () => {
  const error = errors.shift();
  if (error !== undefined) throw error;
  return "answer";
};

it("asks again for what broke on the way, once it has answered", async () => {
  const asked = new AskedAgain(signal, 1);
  expect(await asked.for(failing([]))).toBe("answer");
  expect(await asked.for(failing([broken(), broken()]))).toBe("answer");
  const away = new CommandFailed(EXIT.failure, "no answer", new TypeError("fetch failed"));
  expect(await asked.for(failing([away]))).toBe("answer");
  await expect(asked.for(failing(Array.from({ length: 5 }, broken)))).rejects.toThrow("the connection broke");
});

it("says at once what waiting does not mend, and a source that never answered", async () => {
  await expect(new AskedAgain(signal, 1).for(failing([broken()]))).rejects.toThrow("the connection broke");
  const asked = new AskedAgain(signal, 1);
  await asked.for(failing([]));
  const refused = new CommandFailed(EXIT.failure, "the token lacks a role");
  await expect(asked.for(failing([refused]))).rejects.toBe(refused);
});
