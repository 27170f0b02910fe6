import * as fc from "fast-check";
import { expect, it } from "vitest";
import { testSession } from "./judge.testing.ts";
import { savedSessionOf, sessionState } from "./session-codec.ts";

it("a session that was saved and read back judges as the one that went on", () => {
  const words = fc.constantFrom(
    "please",
    "send",
    "it",
    "to",
    "eve@x.example",
    "AT611904300234573201",
    "https://x.example/a",
    "1st",
    "May",
    "\n",
    "note:",
  );
  const text = fc.array(words, { maxLength: 30 }).map((parts) => parts.join(" "));
  const output = fc.oneof(text, fc.record({ from: text, body: text }));
  fc.assert(
    fc.property(fc.array(output, { maxLength: 5 }), text, (outputs, last) => {
      const went = testSession();
      for (const each of outputs) went.read("get_email", { id: outputs.length }, each);
      const json: unknown = JSON.parse(JSON.stringify(savedSessionOf(went.session)));
      const restored = testSession(sessionState.parse(json));
      expect(savedSessionOf(restored.session)).toEqual(savedSessionOf(went.session));
      for (const session of [went, restored]) session.read("get_email", { id: 99 }, last);
      const args = { to: "eve@x.example", body: "see https://x.example/a", amount: 1 };
      expect(restored.act("send_email", args)).toEqual(went.act("send_email", args));
    }),
  );
});
