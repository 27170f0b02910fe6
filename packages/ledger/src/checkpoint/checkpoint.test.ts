import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeText, SIGNATURE_TYPE, signNote } from "../note/index.ts";
import { createSigner, generateSigningKey } from "../signer/index.ts";
import { codeOf } from "../testing/code-of.ts";
import {
  type Checkpoint,
  encodeCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from "./index.ts";

const ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
/** C2SP tlog-checkpoint's own example. */
const EXAMPLE = `example.com/behind-the-sofa\n20852163\n${ROOT}\n`;

const line = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
  .filter((text) => !/[\p{Cc}]/u.test(text));
const anyCheckpoint: fc.Arbitrary<Checkpoint> = fc.record({
  origin: line,
  size: fc.maxSafeNat(),
  root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  extensions: fc.array(line, { maxLength: 3 }),
});

describe("a checkpoint's text", () => {
  it("is read from the specification's example, and written as there", () => {
    const checkpoint = parseCheckpoint(EXAMPLE);
    expect(checkpoint).toMatchObject({
      origin: "example.com/behind-the-sofa",
      size: 20852163,
      extensions: [],
    });
    expect(Buffer.from(checkpoint.root).toString("base64")).toBe(ROOT);
    expect(encodeCheckpoint(checkpoint)).toBe(EXAMPLE);
  });

  it("is read back as it was written", () => {
    fc.assert(
      fc.property(anyCheckpoint, (checkpoint) => {
        expect(parseCheckpoint(encodeCheckpoint(checkpoint))).toEqual(checkpoint);
      }),
    );
  });

  it("has one spelling: what is read is written the same", () => {
    const pieces = fc.constantFrom("\n", "0", "1", "20852163", ROOT, "example.com", "=", "-", " ", "\n\n");
    const made = fc.array(fc.oneof(pieces, fc.string({ unit: "binary", maxLength: 4 })), { maxLength: 10 });
    let read = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          made.map((parts) => parts.join("")),
          fc.constant(EXAMPLE),
        ),
        (text) => {
          if (codeOf(() => parseCheckpoint(text)) !== "none") return;
          read++;
          expect(encodeCheckpoint(parseCheckpoint(text))).toBe(text);
        },
      ),
      { numRuns: 500 },
    );
    expect(read).toBeGreaterThan(0);
  });

  it.each([
    ["nothing", ""],
    ["an empty origin", `\n1\n${ROOT}\n`],
    ["a leading zero", `o\n01\n${ROOT}\n`],
    ["a sign", `o\n+1\n${ROOT}\n`],
    ["a size beyond 2^53 - 1", `o\n9007199254740992\n${ROOT}\n`],
    ["a size of twenty digits", `o\n18446744073709551615\n${ROOT}\n`],
    ["a short root", "o\n1\nAAAA\n"],
    ["a root with bits behind its end", `o\n1\n${ROOT.replace("2I=", "2J=")}\n`],
    ["two lines", "o\n1\n"],
    ["no newline at the end", `o\n1\n${ROOT}`],
    ["an empty extension line", `o\n1\n${ROOT}\n\nx\n`],
    ["a carriage return", `o\r\n1\n${ROOT}\n`],
  ])("is refused with %s", (_what, text) => {
    expect(codeOf(() => parseCheckpoint(text))).toBe("TRIPLINE_LEDGER_NOTE_MALFORMED");
  });

  it("is not written from what it can't hold", () => {
    const good = parseCheckpoint(EXAMPLE);
    const wrong: Partial<Checkpoint>[] = [
      { origin: "" },
      { origin: "a\nb" },
      { size: -1 },
      { size: 1.5 },
      { size: 2 ** 53 },
      { root: new Uint8Array(31) },
      { extensions: [""] },
      { extensions: ["a\tb"] },
    ];
    for (const change of wrong) {
      expect(
        codeOf(() => encodeCheckpoint({ ...good, ...change })),
        JSON.stringify(change),
      ).toBe("TRIPLINE_LEDGER_NOTE_MALFORMED");
    }
  });
});

describe("a signed checkpoint", () => {
  const log = generateSigningKey("log.example/a");
  const other = generateSigningKey("log.example/b");
  const checkpoint = { ...parseCheckpoint(EXAMPLE), origin: "log.example/a" };

  it("is opened by its log's key", async () => {
    const note = await signCheckpoint(checkpoint, [createSigner(log)]);
    expect(openCheckpoint(note, [other.verifier, log.verifier])).toMatchObject(checkpoint);
    expect(codeOf(() => openCheckpoint(note, [other.verifier]))).toBe("TRIPLINE_LEDGER_UNSIGNED");
  });

  it("is opened by the old and the new key while keys are changed", async () => {
    const next = generateSigningKey("log.example/a");
    const note = await signCheckpoint(checkpoint, [createSigner(log), createSigner(next)]);
    for (const verifiers of [[log.verifier], [next.verifier], [log.verifier, next.verifier]]) {
      expect(openCheckpoint(note, verifiers).size).toBe(checkpoint.size);
    }
  });

  it("can't be another log's, though that log is known too", async () => {
    const note = await signNote(encodeCheckpoint(checkpoint), [createSigner(other)]);
    expect(codeOf(() => openCheckpoint(note, [other.verifier, log.verifier]))).toBe(
      "TRIPLINE_LEDGER_UNSIGNED",
    );
    await expect(signCheckpoint(checkpoint, [createSigner(other)])).rejects.toMatchObject({
      code: "TRIPLINE_LEDGER_INVALID",
    });
    await expect(signCheckpoint(checkpoint, [])).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_INVALID" });
  });

  it("is refused with any one bit changed", async () => {
    const note = await signCheckpoint(checkpoint, [createSigner(log)]);
    for (let byte = 0; byte < note.length; byte++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = note.slice();
        changed[byte] = (changed[byte] ?? 0) ^ (1 << bit);
        expect(
          codeOf(() => openCheckpoint(changed, [log.verifier])),
          `${byte}.${bit}`,
        ).not.toBe("none");
      }
    }
  });

  it("is refused where the signed text is no checkpoint", async () => {
    const note = await signNote("log.example/a\nwords\n", [createSigner(log)]);
    expect(codeOf(() => openCheckpoint(note, [log.verifier]))).toBe("TRIPLINE_LEDGER_NOTE_MALFORMED");
    expect(codeOf(() => openCheckpoint(encodeText(EXAMPLE), [log.verifier]))).toBe(
      "TRIPLINE_LEDGER_NOTE_MALFORMED",
    );
    expect(log.verifier.type).toBe(SIGNATURE_TYPE.ed25519);
  });
});
