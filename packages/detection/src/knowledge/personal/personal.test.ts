import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { argumentsOf } from "../../record/arguments.ts";
import { isCard, isIban, personalIn, personalInArguments } from "./personal-data.ts";
import { entropyOf, hasDataInHost, secretsIn, secretsInArguments } from "./secrets-in.ts";

const FORM = `ghp_${"Ab3".repeat(12)}`; // made up; has the form that the pattern looks for
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const hex = (text: string): string => Buffer.from(text).toString("hex");
const percent = (text: string): string => hex(text).replace(/../g, "%$&");

describe("secrets", () => {
  it.each([
    ["⟨aws_access_key:k1.0123456789abcdef⟩", ["aws_access_key"]],
    [`x=${base64(`the token is ${FORM} ok`)}`, ["encoded_github_token"]],
    [hex(FORM), ["encoded_github_token"]],
    [percent(FORM), ["encoded_github_token"]],
    [base64("DB_PASSWORD=correct-horse-battery\n"), ["encoded_secret"]],
    ["⟨email:k1.0123456789abcdef⟩", []],
    [base64("nothing to see here, only an ordinary sentence"), []],
    ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", []],
    ["https://acme.example/a/very/long/path/with/many/parts/index.html", []],
  ])("in %s: %j", (text, expected) => {
    expect(secretsIn(text)).toEqual(expected);
  });

  it("in a password's own argument are meant", () => {
    const token = "⟨secret:k1.0123456789abcdef⟩";
    expect(secretsInArguments(argumentsOf({ password: token, user: "ana" }))).toEqual([]);
    expect(secretsInArguments(argumentsOf({ password: token, note: token }))).toEqual(["secret"]);
  });

  it.each([
    ["4b2f8c1d9e7a3f6b5c0d1e2f.9a8b7c6d5e4f3a2b1c0d9e8f.evil.example", true],
    ["nslookup nbswy3dpeb3w64tmmqqhi2djomqgs4zaon2wg2a4.x.evil.example", true],
    ["https://d1a2b3c4d5e6f7.cloudfront.example/x", false],
    ["https://a-very-long-name-that-somebody-gave-to-a-service.internal.acme.example", false],
  ])("in the name of the host %s: %s", (text, expected) => {
    expect(hasDataInHost(text)).toBe(expected);
  });

  it("entropy is that of the letters", () => {
    expect(entropyOf("aaaa")).toBe(0);
    expect(entropyOf("abcd")).toBe(2);
  });
});

describe("people's data", () => {
  it.each([
    ["ana@acme.example, Ana@acme.example, ben@acme.example", 2],
    ["4111 1111 1111 1111 and 4111-1111-1111-1111, not 4111 1111 1111 1112", 1],
    ["GB82 WEST 1234 5698 7654 32; GB82 WEST 1234 5698 7654 33", 1],
    ["+43 1 234 5678, (555) 123-4567, 555-123-4567", 2],
    ["2026-01-01 10:00, 1767225600000, 192.168.10.20, 12,345,678, v1.2.3", 0],
    ["⟨email:k1.0123456789abcdef⟩ ⟨email:k1.0123456789abcdee⟩", 2],
  ])("%s: %i", (text, count) => {
    expect(personalIn(text)).toBe(count);
  });

  it("where something goes is not what goes", () => {
    const many = Array.from({ length: 20 }, (_, at) => `u${at}@acme.example`);
    expect(personalInArguments(argumentsOf({ to: many, body: "hi" }))).toBe(0);
    expect(personalInArguments(argumentsOf({ to: "x@y.example", body: many.join("\n") }))).toBe(20);
  });

  it("a number with its check digit is recognised, with another one not", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^4[0-9]{14}$/), (start) => {
        const valid = [...Array(10).keys()].filter((last) => isCard(`${start}${last}`));
        expect(valid.length).toBe(1);
      }),
    );
    expect(isIban("DE89 3704 0044 0532 0130 00")).toBe(true);
    expect(isIban("DE88 3704 0044 0532 0130 00")).toBe(false);
  });

  it("any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void [personalIn(text), secretsIn(text)]));
  });
});
