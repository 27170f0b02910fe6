import fc from "fast-check";
import { expect, test } from "vitest";
import { grantOf, keyIdOf, tokenFileName } from "./credential.ts";
import { target } from "./testing/recorded-http.ts";

/** As the interceptor writes a grant: see its `grantId`. */
function written(issuer: string, parts: string[]): string {
  const encode = (part: string) =>
    part.replace(/[\p{Cc}\p{Cs}\s/%]/gu, (c) => encodeURIComponent(c.toWellFormed()));
  return `grant:${issuer}/${parts.map(encode).join("/")}`;
}

test("the parts of a grant are read as the interceptor wrote them, whatever is in them", () => {
  const part = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
    .filter((text) => text !== "~" && text.isWellFormed());
  fc.assert(
    fc.property(part, part, fc.option(part, { nil: undefined }), (client, subject, sid) => {
      const id = written("https://idp.example/realms/acme", [
        client,
        subject,
        ...(sid === undefined ? [] : [sid]),
      ]);
      expect(grantOf(target(id), "https://idp.example/realms/acme")).toEqual({ client, subject, sid });
      expect(grantOf(target(id), "https://idp.example/realms")).not.toEqual({ client, subject, sid });
    }),
  );
});

test("another issuer whose name begins the same is another", () => {
  expect(grantOf(target("grant:https://idp.example.evil/a/b"), "https://idp.example")).toBeUndefined();
  expect(keyIdOf(target("key:acme2/a"), "acme")).toBeUndefined();
  expect(keyIdOf(target("key:acme/a/b"), "acme")).toBe("a/b");
  expect(keyIdOf(target("key:acme/"), "acme")).toBeUndefined();
});

test("a token's file is named as sha256sum names it", () => {
  expect(tokenFileName("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-2, B.1
});
