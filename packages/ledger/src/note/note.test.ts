import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCosigner, createSigner, generateSigningKey, parseSigningKey } from "../signer/index.ts";
import { codeOf } from "../testing/code-of.ts";
import {
  createVerifier,
  decodeBase64,
  encodeBase64,
  encodeNote,
  encodeText,
  isNoteCharacters,
  openNote,
  parseNote,
  parseVerifierKey,
  SIGNATURE_TYPE,
  signNote,
  type Verifier,
} from "./index.ts";

/** The example in the documentation of golang.org/x/mod/sumdb/note: a published key that protects nothing. */
const EXAMPLE = {
  skey: "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
  vkey: "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  line: "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
};
const example = encodeText(`${EXAMPLE.text}\n${EXAMPLE.line}`);
const at = (seconds: number) => () => seconds * 1000;

const open = (text: string | Uint8Array, verifiers: readonly Verifier[]) =>
  codeOf(() => openNote(typeof text === "string" ? encodeText(text) : text, verifiers));

describe("the published example", () => {
  const verifier = parseVerifierKey(EXAMPLE.vkey);

  it("is opened with its key", () => {
    const { text, verified, unverified } = openNote(example, [verifier]);
    expect([text, verified.length, unverified]).toEqual([EXAMPLE.text, 1, []]);
  });

  it("is signed byte for byte as there", async () => {
    const key = parseSigningKey(EXAMPLE.skey);
    expect(key.verifier.verifierKey).toBe(EXAMPLE.vkey);
    expect(await signNote(EXAMPLE.text, [createSigner(key)])).toEqual(example);
  });

  it("comes out of parse and encode as it went in", () => {
    expect(encodeNote(parseNote(example))).toEqual(example);
  });

  it("is refused when any one bit of it is another", () => {
    for (let byte = 0; byte < example.length; byte++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = example.slice();
        changed[byte] = (changed[byte] ?? 0) ^ (1 << bit);
        expect(open(changed, [verifier]), `byte ${byte}, bit ${bit}`).not.toBe("none");
      }
    }
  });

  it("is refused when a byte is missing or one is put in anywhere", () => {
    for (let byte = 0; byte <= example.length; byte++) {
      const less = Uint8Array.from([...example.slice(0, byte), ...example.slice(byte + 1)]);
      if (byte < example.length) expect(open(less, [verifier]), `without ${byte}`).not.toBe("none");
      for (const extra of [0x0a, 0x20, 0x41]) {
        const more = Uint8Array.from([...example.slice(0, byte), extra, ...example.slice(byte)]);
        expect(open(more, [verifier]), `with ${extra} at ${byte}`).not.toBe("none");
      }
    }
  });
});

describe("opening a note", () => {
  const log = generateSigningKey("log.example");
  const witness = generateSigningKey("witness.example", SIGNATURE_TYPE.cosignatureV1);
  const stranger = generateSigningKey("log.example");
  const text = "log.example\n\nbody with an empty line\n";

  it("sorts what known keys signed from what unknown keys did, also of the same name", async () => {
    const note = await signNote(text, [
      createSigner(log),
      createSigner(stranger),
      createCosigner(witness, at(5)),
    ]);
    const { verified, unverified } = openNote(note, [log.verifier, witness.verifier]);
    expect(verified.map(({ name }) => name)).toEqual(["log.example", "witness.example"]);
    expect(unverified.map(({ keyId }) => keyId)).toEqual([stranger.verifier.keyId]);
  });

  it("needs a known key, and refuses the note when one known key's signature is wrong", async () => {
    const note = await signNote(text, [createSigner(log), createCosigner(witness, at(5))]);
    expect(open(note, [stranger.verifier])).toBe("TRIPLINE_LEDGER_UNSIGNED");
    expect(open(note, [])).toBe("TRIPLINE_LEDGER_UNSIGNED");
    const { signatures } = parseNote(note);
    const [first] = signatures;
    if (first === undefined) throw new Error("a note without a signature");
    const mixed = encodeNote({
      text,
      signatures: [...signatures, { ...stranger.verifier, signature: first.signature }],
    });
    expect(open(mixed, [log.verifier])).toBe("none");
    expect(open(mixed, [log.verifier, stranger.verifier])).toBe("TRIPLINE_LEDGER_SIGNATURE_INVALID");
  });

  it("counts a key once, and wants each verifier once", async () => {
    const note = await signNote(text, [createSigner(log), createSigner(log)]);
    expect(openNote(note, [log.verifier]).verified).toHaveLength(1);
    expect(open(note, [log.verifier, log.verifier])).toBe("TRIPLINE_LEDGER_KEY_INVALID");
  });

  it("takes 16 signatures and 100, and no more", async () => {
    const strangers = Array.from({ length: 99 }, (_, i) => createSigner(generateSigningKey(`s${i}`)));
    const note = await signNote(text, [...strangers, createSigner(log)]);
    expect(openNote(note, [log.verifier]).unverified).toHaveLength(99);
    const { signatures } = parseNote(note);
    const lines = new TextDecoder().decode(note);
    expect(open(`${lines}${lines.slice(lines.lastIndexOf("\u2014"))}`, [log.verifier])).toBe(
      "TRIPLINE_LEDGER_NOTE_MALFORMED",
    );
    expect(codeOf(() => encodeNote({ text, signatures: [...signatures, ...signatures] }))).toBe(
      "TRIPLINE_LEDGER_NOTE_MALFORMED",
    );
  });

  it.each([
    ["nothing", ""],
    ["no signature", `${EXAMPLE.text}\n`],
    ["no empty line", `${EXAMPLE.text}${EXAMPLE.line}`],
    ["no newline at the end", `${EXAMPLE.text}\n${EXAMPLE.line.slice(0, -1)}`],
    ["a hyphen for the dash", `${EXAMPLE.text}\n${EXAMPLE.line.replace("\u2014", "-")}`],
    ["two spaces", `${EXAMPLE.text}\n${EXAMPLE.line.replace("Neumann ", "Neumann  ")}`],
    ["carriage returns", `${EXAMPLE.text}\n${EXAMPLE.line}`.replaceAll("\n", "\r\n")],
    ["a tab", `a\tb\n\n${EXAMPLE.line}`],
    ["a byte order mark before the dash", `${EXAMPLE.text}\n\ufeff${EXAMPLE.line}`],
    ["a no-break space in a name", `${EXAMPLE.text}\n${EXAMPLE.line.replace("Peter", "Peter\u00a0")}`],
    ["a plus in a name", `${EXAMPLE.text}\n${EXAMPLE.line.replace("Peter", "Peter+")}`],
    ["a signature of no bytes", `${EXAMPLE.text}\n— PeterNeumann x08gow==\n`],
    ["base64 with bits behind its end", `${EXAMPLE.text}\n— PeterNeumann x08go/a=\n`],
    ["more than a megabyte", `${"x".repeat(1_000_000)}\n\n${EXAMPLE.line}`],
  ])("refuses %s", (_what, note) => {
    expect(open(note, [parseVerifierKey(EXAMPLE.vkey)])).toBe("TRIPLINE_LEDGER_NOTE_MALFORMED");
  });

  it("refuses what is not UTF-8", () => {
    expect(open(Uint8Array.from([0xff, ...example]), [])).toBe("TRIPLINE_LEDGER_NOTE_MALFORMED");
    expect(open(Uint8Array.from([0xed, 0xa0, 0x80, ...example]), [])).toBe("TRIPLINE_LEDGER_NOTE_MALFORMED");
  });

  it("never crashes and never verifies what is made up", () => {
    const verifiers = [log.verifier, witness.verifier];
    const pieces = fc.constantFrom("\n", "\n\n", "\u2014 ", "log.example", " ", EXAMPLE.line, "=", "x08go/");
    const line = fc.array(fc.oneof(pieces, fc.string({ unit: "binary" })), { maxLength: 12 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 400 }),
          line.map((parts) => encodeText(parts.join(""))),
        ),
        (bytes) => {
          expect(["TRIPLINE_LEDGER_NOTE_MALFORMED", "TRIPLINE_LEDGER_UNSIGNED"]).toContain(
            open(bytes, verifiers),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is parsed back from whatever was encoded", () => {
    const noteText = fc.string({ unit: "grapheme" }).filter(isNoteCharacters);
    const signature = fc.record({
      name: fc.string({ unit: "grapheme", minLength: 1 }).filter((n) => !/[\p{White_Space}\p{Cc}+]/u.test(n)),
      keyId: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      signature: fc.uint8Array({ minLength: 1, maxLength: 90 }),
    });
    fc.assert(
      fc.property(noteText, fc.array(signature, { minLength: 1, maxLength: 16 }), (body, signatures) => {
        const note = { text: `${body}\n`, signatures };
        expect(parseNote(encodeNote(note))).toEqual(note);
      }),
    );
  });
});

describe("cosignature/v1", () => {
  const witness = generateSigningKey("witness.example/w1", SIGNATURE_TYPE.cosignatureV1);

  it("signs header, time and text, and carries the time before the signature", async () => {
    const message = encodeText("log.example\n0\nx\n");
    const signature = await createCosigner(witness, at(1679315147)).sign(message);
    expect(new DataView(signature.buffer).getBigUint64(0)).toBe(1679315147n);
    const plain = createVerifier({ ...witness.verifier, type: SIGNATURE_TYPE.ed25519 });
    const signed = encodeText("cosignature/v1\ntime 1679315147\nlog.example\n0\nx\n");
    expect(plain.verify(signed, signature.slice(8))).toBe(true);
    expect(witness.verifier.verify(message, signature)).toBe(true);
  });

  it("does not verify at another time, cut short, or as a log's signature", async () => {
    const message = encodeText("text\n");
    const signature = await createCosigner(witness, at(1000)).sign(message);
    for (let byte = 0; byte < signature.length; byte++) {
      const changed = signature.slice();
      changed[byte] = (changed[byte] ?? 0) ^ 1;
      expect(witness.verifier.verify(message, changed), `byte ${byte}`).toBe(false);
    }
    expect(witness.verifier.verify(message, signature.slice(8))).toBe(false);
    expect(witness.verifier.verify(message, new Uint8Array())).toBe(false);
    expect(witness.verifier.verify(encodeText("other\n"), signature)).toBe(false);
    const asLog = createVerifier({ ...witness.verifier, type: SIGNATURE_TYPE.ed25519 });
    expect(asLog.keyId).not.toEqual(witness.verifier.keyId);
    expect(asLog.verify(message, signature)).toBe(false);
  });
});

describe("verifier keys", () => {
  it("come out as they went in", () => {
    expect(parseVerifierKey(EXAMPLE.vkey).verifierKey).toBe(EXAMPLE.vkey);
    const { verifier } = generateSigningKey("w.example", SIGNATURE_TYPE.cosignatureV1);
    expect(parseVerifierKey(verifier.verifierKey)).toMatchObject({ type: 4, publicKey: verifier.publicKey });
  });

  it("are refused when any one character is another", () => {
    for (let i = 0; i < EXAMPLE.vkey.length; i++) {
      for (const other of ["A", "b", "+", "=", "0", " ", "\n"]) {
        if (EXAMPLE.vkey[i] === other) continue;
        const changed = EXAMPLE.vkey.slice(0, i) + other + EXAMPLE.vkey.slice(i + 1);
        expect(
          codeOf(() => parseVerifierKey(changed)),
          changed,
        ).toBe("TRIPLINE_LEDGER_KEY_INVALID");
      }
    }
  });

  it("never crash the parser", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(codeOf(() => parseVerifierKey(text))).toBe("TRIPLINE_LEDGER_KEY_INVALID");
      }),
    );
  });
});

describe("base64", () => {
  it("has one spelling for each value", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
        expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
      }),
    );
    for (const text of [
      "A",
      "AA",
      "AAA",
      "AB==",
      "AAB=",
      "AA==\n",
      " AA==",
      "AA=A",
      "A===",
      "AA-_",
      "====",
    ]) {
      expect(decodeBase64(text), text).toBeNull();
    }
    const long = new Uint8Array(200_000).fill(7);
    expect(decodeBase64(encodeBase64(long))).toEqual(long);
  });
});
