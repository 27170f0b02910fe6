import { expect, it } from "vitest";
import { parseCredential } from "./credential.ts";

it.each([
  ["notes", "local:notes"],
  ["local:notes", "local:notes"],
  ["key:acme/42", "key:acme/42"],
  ["grant:https://idp.example/client/ana", "grant:https://idp.example/client/ana"],
])("takes %s as %s", (text, id) => {
  expect(parseCredential(text)).toBe(id);
});

it.each([`ghp_${"a1B2".repeat(9)}`, `key:github/ghp_${"a1B2".repeat(9)}`, "with a space", "key:nothing", ""])(
  "refuses %j without repeating it",
  (text) => {
    expect(() => parseCredential(text)).toThrow(/never a secret|looks like a secret/);
    if (text !== "") expect(() => parseCredential(text)).not.toThrow(text);
  },
);
