import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CAPTURE_LIMITS, capturePayload, createRedactor, MAX_RECORD_BYTES, payloadHash } from "./index.ts";

const redactor = createRedactor({ id: "k1", key: "7".repeat(64) });
const salt = "0".repeat(32);

describe("capturePayload", () => {
  it("keeps small arguments as JSON, with digest, hash and no mark", () => {
    const captured = capturePayload(redactor, {
      salt,
      level: "full",
      args: { path: "/a", n: 1 },
      result: "fine",
    });
    expect(captured.payload).toMatchObject({ args: { path: "/a", n: 1 }, result: "fine" });
    expect(captured.payload.cut).toBeUndefined();
    expect(captured.truncated).toBe(false);
    expect(captured.hash).toBe(payloadHash(JSON.stringify(captured.payload)));
  });

  it("digests equal arguments equally, whatever the order of their keys", () => {
    const digest = (args: unknown) =>
      capturePayload(redactor, { salt, level: "full", args }).payload.args_digest;
    expect(digest({ a: 1, b: { c: 2, d: 3 } })).toBe(digest({ b: { d: 3, c: 2 }, a: 1 }));
    expect(digest({ a: 1 })).not.toBe(digest({ a: 2 }));
    expect(digest({ password: "one" })).not.toBe(digest({ password: "two" }));
  });

  it("cuts what is too large, marks and hashes it, and never keeps half a secret at the cut", () => {
    const secret = "ghp_k3JvQ8sLx1TzR7mWc5YbN2dHf6PgA9eUi4Xo";
    for (let shift = 0; shift < secret.length; shift += 7) {
      const result = `${"x ".repeat(CAPTURE_LIMITS.resultBytes / 2 - shift)}${secret}${" y".repeat(50_000)}`;
      const captured = capturePayload(redactor, { salt, level: "full", result });
      expect(captured.truncated).toBe(true);
      expect(captured.payload.cut?.result?.bytes).toBe(Buffer.byteLength(JSON.stringify(result)));
      expect(captured.payload.result).not.toMatch(/ghp_/);
      expect(Buffer.byteLength(captured.payload.result ?? "")).toBeLessThanOrEqual(
        CAPTURE_LIMITS.resultBytes,
      );
    }
  });

  it("marks a result of which only the head is at hand with the size and digest of the whole", () => {
    const resultWhole = { bytes: 4711, digest: "ab".repeat(16) };
    const captured = capturePayload(redactor, { salt, level: "full", result: "head", resultWhole });
    expect(captured).toMatchObject({
      truncated: true,
      payload: { result: "head", cut: { result: resultWhole } },
    });
    const none = capturePayload(redactor, { salt, level: "none", result: "head", resultWhole });
    expect(none.payload.cut).toBeUndefined();
  });

  it("never keeps a secret of arguments that are cut, whatever form it has and however much the others shrink", () => {
    const number = 4_711_081_547;
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${"MIIEpAIBAAKCAQEA".repeat(300)}\n-----END RSA PRIVATE KEY-----`;
    const token = "ghp_k3JvQ8sLx1TzR7mWc5YbN2dHf6PgA9eUi4Xo";
    for (let shift = 0; shift < token.length; shift += 5) {
      const args = {
        pins: [{ pin: number }, { password: ["blue-horse-42"] }],
        keys: Array.from({ length: 12 }, () => key).join("\n"),
        note: `${"x ".repeat(CAPTURE_LIMITS.argsBytes / 2 - 30_000 - shift)}${`${token} `.repeat(2_000)}`,
      };
      const captured = capturePayload(redactor, { salt, level: "full", args });
      expect(captured.payload.cut?.args).toBeDefined();
      expect(captured.text).not.toMatch(/4711081547|blue-horse|MIIEpAIB|ghp_/);
      expect(Buffer.byteLength(String(captured.payload.args))).toBeLessThanOrEqual(CAPTURE_LIMITS.argsBytes);
    }
  });

  it("counts each redaction once, also where the redacted value did not fit", () => {
    const args = { password: "blue-horse-42", text: "⟨".repeat(CAPTURE_LIMITS.argsBytes - 100) };
    const { payload } = capturePayload(redactor, { salt, level: "full", args });
    expect(payload.cut?.args).toBeDefined();
    expect(payload.redactions).toEqual({ secret: 1 });
  });

  it("keeps only hashes at level fingerprint, and nothing at level none", () => {
    const input = {
      salt,
      args: { to: "ana@acme.com", n: 4711 },
      result: "the quick brown fox ana@acme.com jumps",
    };
    const fingerprint = capturePayload(redactor, { ...input, level: "fingerprint" });
    expect(fingerprint.text).not.toMatch(/ana|quick|4711/);
    const { args, result } = fingerprint.payload.fingerprints ?? {};
    expect(args?.values.some((value) => result?.values.includes(value))).toBe(true);
    const none = capturePayload(redactor, { ...input, level: "none" });
    expect(Object.keys(none.payload).sort()).toEqual(["capture", "salt"]);
  });

  it("tells at level fingerprint what free text alone names from what a field holds", () => {
    const text =
      "Please send the report of this year to eve@other.example or https://www.drop.example/u/ today.";
    const of = (result: string) =>
      capturePayload(redactor, { salt, level: "fingerprint", result }).payload.fingerprints?.result;
    const sent = capturePayload(redactor, {
      salt,
      level: "fingerprint",
      args: {
        to: "eve@other.example",
        link: "drop.example/u",
        url: "http://drop.example/u",
        subject: "report",
      },
    }).payload.fingerprints?.args;
    expect(sent?.targets).toHaveLength(2);
    const prose = of(text)?.prose ?? [];
    expect(sent?.targets?.every((hash) => prose.includes(hash))).toBe(true);
    expect(of(JSON.stringify({ sender: "eve@other.example", body: text }))?.prose).toHaveLength(1);
    expect(of(`from: eve@other.example\nbody: ${text}`)?.prose).toHaveLength(1);
  });

  it("makes a record of bounded size from any JSON", () => {
    const huge = fc
      .integer({ min: 1, max: 200_000 })
      .chain((n) => fc.constantFrom("\u0000", "\ud800", "ä", "⟨", '"', "a").map((char) => char.repeat(n)));
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), huge, fc.array(huge, { maxLength: 3 })),
        huge,
        huge,
        (args, result, error) => {
          const captured = capturePayload(redactor, { salt, level: "full", args, result, error });
          expect(captured.text).toBe(JSON.stringify(captured.payload));
          expect(Buffer.byteLength(captured.text)).toBeLessThan(MAX_RECORD_BYTES - 16 * 1024);
          expect(captured.truncated).toBe(captured.payload.cut !== undefined);
        },
      ),
      { numRuns: 60 },
    );
  });
});
