import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { requirement } from "../../../../test/support/requirements.ts";
import { encodeText } from "../note/index.ts";
import { codeOf } from "../testing/code-of.ts";
import { makeTimestampAuthority, type TimestampAuthority } from "../testing/timestamp-authority.ts";
import { checkChain } from "./chain.ts";
import { encodeTimestampRequest, requestTimestamp, verifyTimestamp } from "./index.ts";

const message = encodeText("log.example\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
const nonce = Uint8Array.from({ length: 16 }, (_, i) => 200 - i);

/** Of nobody; its key was never kept. */
const SOME_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBeDCCAR+gAwIBAgIUHkBZ/9ImeYbOIB+d8NqjgXfBOpowCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyMTE3MjUzNFoYDzIxMjYxMDI4MTcy
NTM0WjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AASEfRj6PnIdaKnOeoWzELY87Sg9EV3Ulq49mvip6xpLvlTfgDsUPH0zSyBv6SmJ
lBEwvOG5M0DbOo0GtEVxO0sNo1MwUTAdBgNVHQ4EFgQUqzM4PDwZ1HMJ6YHjXyMw
E3New4EwHwYDVR0jBBgwFoAUqzM4PDwZ1HMJ6YHjXyMwE3New4EwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAjqF6yo4tBz+1vsusA/BXHLiDhpI9v
KO8ZJPREkPuaAQIgSq17d7nR8/M4v/i9cYpBm8NZi53PI6GcSry4FyYwv0w=
-----END CERTIFICATE-----
`;

const made: TimestampAuthority[] = [];
function authority(options?: Parameters<typeof makeTimestampAuthority>[0]): TimestampAuthority {
  const each = makeTimestampAuthority(options);
  made.push(each);
  return each;
}
afterAll(() => {
  for (const each of made) each.remove();
});

const INVALID = "TRIPLINE_LEDGER_TIMESTAMP_INVALID";

describe("without an authority", () => {
  it("never crashes on what is no response, and never verifies it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (response) => {
        expect(codeOf(() => verifyTimestamp(response, { message, trusted: SOME_CERTIFICATE }))).toBe(INVALID);
      }),
    );
    expect(
      codeOf(() => verifyTimestamp(new Uint8Array(300_000), { message, trusted: SOME_CERTIFICATE })),
    ).toBe(INVALID);
  });

  it("wants a certificate to trust, and a long nonce", () => {
    for (const trusted of ["", "words", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]) {
      expect(codeOf(() => verifyTimestamp(new Uint8Array(), { message, trusted }))).toBe(
        "TRIPLINE_LEDGER_KEY_INVALID",
      );
    }
    expect(codeOf(() => encodeTimestampRequest(message, new Uint8Array(7)))).toBe("TRIPLINE_LEDGER_INVALID");
  });
});

const openssl = requirement("openssl");

describe.skipIf(openssl.missing)("a timestamp of an authority made with openssl", () => {
  it.each([
    { key: "rsa" },
    { key: "ec" },
    { key: "rsa", intermediate: true },
    { key: "ec", digest: "sha512" },
  ] as const)("verifies: %o", (options) => {
    const tsa = authority(options);
    const response = tsa.reply(encodeTimestampRequest(message, nonce));
    const verified = verifyTimestamp(response, { message, trusted: tsa.root, nonce });
    expect(verified).toMatchObject({ accuracyMs: 1500.1, policy: "1.2.3.4.1", authority: "CN=tsa" });
    expect(verified.serial).toMatch(/^0[1-9]$/);
    const text = execFileSync(
      "openssl",
      ["ts", "-reply", "-in", join(tsa.directory, "response.tsr"), "-text"],
      { encoding: "utf8" },
    );
    const shown = /Time stamp: (.*)/.exec(text)?.[1] ?? "";
    expect(verified.time).toEqual(new Date(shown));
  });

  it("asks in a way that openssl understands, and verifies what openssl verifies", () => {
    const tsa = authority();
    const response = tsa.reply(encodeTimestampRequest(message, nonce));
    const text = execFileSync(
      "openssl",
      ["ts", "-query", "-in", join(tsa.directory, "request.tsq"), "-text"],
      { encoding: "utf8" },
    );
    expect(text).toContain("Hash Algorithm: sha256");
    expect(text).toContain("Certificate required: yes");
    expect(text).toContain(`Nonce: 0x${Buffer.from(nonce).toString("hex").toUpperCase()}`);
    writeFileSync(join(tsa.directory, "message"), message);
    const verified = execFileSync(
      "openssl",
      ["ts", "-verify", "-in", "response.tsr", "-data", "message", "-CAfile", "root.pem"],
      { cwd: tsa.directory, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
    );
    expect(verified).toContain("Verification: OK");
    expect(codeOf(() => verifyTimestamp(response, { message, trusted: tsa.root }))).toBe("none");
  });

  it("is refused over other bytes, for another request, and by a stranger's root", () => {
    const tsa = authority();
    const stranger = authority();
    const response = tsa.reply(encodeTimestampRequest(message, nonce));
    const trusted = tsa.root;
    const other = encodeText("other");
    expect(() => verifyTimestamp(response, { message: other, trusted })).toThrow(/over other bytes/);
    const otherNonce = nonce.map((byte) => byte ^ 1);
    expect(() => verifyTimestamp(response, { message, trusted, nonce: otherNonce })).toThrow(
      /another request/,
    );
    expect(() => verifyTimestamp(response, { message, trusted: stranger.root })).toThrow(/does not lead/);
    expect(verifyTimestamp(response, { message, trusted: stranger.root + trusted }).authority).toBe("CN=tsa");
  });

  it("says nothing else after any one bit of it was changed", () => {
    const tsa = authority();
    const response = tsa.reply(encodeTimestampRequest(message, nonce));
    const trusted = tsa.root;
    const before = verifyTimestamp(response, { message, trusted, nonce });
    let refused = 0;
    for (let byte = 0; byte < response.length; byte++) {
      const changed = response.slice();
      changed[byte] = (changed[byte] ?? 0) ^ (1 << (byte % 8));
      let after: unknown;
      const code = codeOf(() => {
        after = verifyTimestamp(changed, { message, trusted, nonce });
      });
      if (code === "none") expect(after, `byte ${byte}`).toEqual(before);
      else refused++;
    }
    // What is left over is not covered by the signature: version numbers, the signer's name given a second time.
    expect(refused).toBeGreaterThan(response.length * 0.8);
  });

  it("is refused cut off anywhere", () => {
    const tsa = authority();
    const response = tsa.reply(encodeTimestampRequest(message, nonce));
    for (let length = 0; length < response.length; length += 7) {
      expect(codeOf(() => verifyTimestamp(response.slice(0, length), { message, trusted: tsa.root }))).toBe(
        INVALID,
      );
    }
  });

  it("is refused where the authority refused", () => {
    const tsa = authority();
    const request = encodeTimestampRequest(message, nonce);
    // Another hash algorithm than SHA-256: 2.16.840.1.101.3.4.2.9, which this authority does not take.
    const at = Buffer.from(request).indexOf(Buffer.from("608648016503040201", "hex"));
    request[at + 8] = 9;
    const response = tsa.reply(request);
    expect(() => verifyTimestamp(response, { message, trusted: tsa.root })).toThrow(/refused with status 2/);
  });

  it("wants a certificate for timestamps, valid then, under a root that is a CA", () => {
    const tsa = authority();
    const root = [new X509Certificate(tsa.root)];
    const certified = (name: string, extensions: string) =>
      new X509Certificate(tsa.certify(name, extensions));
    const good = certified("good", "extendedKeyUsage=critical,timeStamping\n");
    const now = new Date(); // not before the certificate, which is valid from the second in which it was made
    const check = (
      certificate: X509Certificate,
      time = new Date(),
      trusted = root,
      others: X509Certificate[] = [],
    ) => codeOf(() => checkChain(certificate, others, trusted, time));
    expect(check(good)).toBe("none");
    expect(check(good, now, [good])).toBe("none");
    expect(check(good, new Date(now.getTime() - 864e5))).toBe(INVALID);
    expect(check(good, new Date(now.getTime() + 40 * 864e5))).toBe(INVALID);
    expect(check(good, now, [])).toBe(INVALID);
    expect(check(certified("loose", "extendedKeyUsage=timeStamping\n"))).toBe(INVALID);
    expect(check(certified("both", "extendedKeyUsage=critical,timeStamping,serverAuth\n"))).toBe(INVALID);
    expect(check(certified("web", "extendedKeyUsage=critical,serverAuth\n"))).toBe(INVALID);
    expect(check(certified("plain", "keyUsage=digitalSignature\n"))).toBe(INVALID);
    expect(
      check(certified("odd", "extendedKeyUsage=critical,timeStamping\n1.2.3.4=critical,ASN1:NULL\n")),
    ).toBe(INVALID);
  });

  it("comes over HTTP, verified before it is kept", async () => {
    const tsa = authority();
    let answer = (request: Buffer): { status: number; body: Uint8Array } => ({
      status: 200,
      body: tsa.reply(request),
    });
    const types: unknown[] = [];
    const server = createServer(async (request, response) => {
      types.push(request.headers["content-type"]);
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { status, body } = answer(Buffer.concat(chunks));
      response.writeHead(status, { "content-type": "application/timestamp-reply" }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsa`;
    try {
      const { response, timestamp } = await requestTimestamp(message, { url, trusted: tsa.root });
      expect(types).toEqual(["application/timestamp-query"]);
      expect(verifyTimestamp(response, { message, trusted: tsa.root })).toEqual(timestamp);
      answer = () => ({ status: 200, body: response }); // an old answer once more
      await expect(requestTimestamp(message, { url, trusted: tsa.root })).rejects.toMatchObject({
        code: INVALID,
      });
      answer = () => ({ status: 500, body: response });
      await expect(requestTimestamp(message, { url, trusted: tsa.root })).rejects.toMatchObject({
        code: "TRIPLINE_LEDGER_UNAVAILABLE",
      });
      answer = () => ({ status: 200, body: new Uint8Array(300_000) });
      await expect(requestTimestamp(message, { url, trusted: tsa.root })).rejects.toMatchObject({
        code: "TRIPLINE_LEDGER_UNAVAILABLE",
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
