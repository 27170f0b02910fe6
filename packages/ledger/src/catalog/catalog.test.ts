import { describe, expect, it } from "vitest";
import { generateSigningKey } from "../signer/index.ts";
import { type CatalogEntry, encodeCatalog, originOf, parseCatalog, partitionPath } from "./catalog.ts";

function entry(path: string): CatalogEntry {
  const { publicKey } = generateSigningKey("any").verifier;
  const origin = originOf(publicKey, path);
  return { path, origin, verifier_key: generateSigningKey(origin).verifier.verifierKey };
}

const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe("the catalog", () => {
  it("is read back as it was written", () => {
    const logs = [entry("root"), entry(partitionPath("kafka-Ab_c-1", 11))];
    expect(parseCatalog(encodeCatalog(logs))).toEqual(logs);
    expect(parseCatalog(encodeCatalog([]))).toEqual([]);
  });

  it("names a log after its key and its path", () => {
    const { publicKey } = generateSigningKey("any").verifier;
    const origin = originOf(publicKey, "root");
    expect(origin).toMatch(/^tripline\/[0-9a-f]{16}\/root$/);
    expect(originOf(publicKey, "root")).toBe(origin);
    expect(originOf(generateSigningKey("any").verifier.publicKey, "root")).not.toBe(origin);
  });

  const good = entry("root");
  it.each([
    ["no JSON", new TextEncoder().encode("{")],
    ["another version", text({ v: 2, logs: [] })],
    ["no logs", text({ v: 1 })],
    ["a log that is none", text({ v: 1, logs: [null] })],
    ["a path out of the ledger", text({ v: 1, logs: [{ ...good, path: "../x" }] })],
    ["an absolute path", text({ v: 1, logs: [{ ...good, path: "/x" }] })],
    ["no origin", text({ v: 1, logs: [{ path: "root", verifier_key: good.verifier_key }] })],
    ["another's key", text({ v: 1, logs: [{ ...good, origin: "tripline/0/root" }] })],
    ["no key", text({ v: 1, logs: [{ ...good, verifier_key: "x" }] })],
  ])("is refused with %s", (_what, bytes) => {
    expect(() => parseCatalog(bytes)).toThrow(/logs\.json|not a verifier key/);
  });
});
