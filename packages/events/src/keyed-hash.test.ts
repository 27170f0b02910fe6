import fc from "fast-check";
import { expect, it } from "vitest";
import { keyedHash, keyedHasher } from "./keyed-hash.ts";

it("hashes pieces as it hashes their concatenation, wherever a character is cut", () => {
  const cuts = fc.array(fc.nat(200), { maxLength: 5 });
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 100 }), cuts, (text, at) => {
      const key = { id: "k", key: "0f".repeat(32) };
      const bytes = Buffer.from(text);
      const hasher = keyedHasher(key);
      let from = 0;
      for (const to of [...at.sort((a, b) => a - b), bytes.length]) {
        hasher.update(bytes.subarray(from, to));
        from = Math.max(from, to);
      }
      expect(hasher.digest(32)).toBe(keyedHash(key, text, 32));
    }),
  );
});
