import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeCheckpoint, signCheckpoint } from "../checkpoint/index.ts";
import { LedgerError } from "../errors.ts";
import { encodeNote, encodeText, parseNote, SIGNATURE_TYPE, type Signer, signNote } from "../note/index.ts";
import { createCosigner, createSigner, generateSigningKey } from "../signer/index.ts";
import {
  judgeCheckpoint,
  openCheckpointByPolicy,
  type Policy,
  parsePolicy,
  quorumHolds,
  quorumInWords,
} from "./index.ts";

const log = generateSigningKey("log.example");
const nextLog = generateSigningKey("log.example");
const otherLog = generateSigningKey("other.example");
const witnesses = Array.from({ length: 6 }, (_, i) =>
  generateSigningKey(`witness${i}.example`, SIGNATURE_TYPE.cosignatureV1),
);
const vkey = (i: number) => witnesses[i]?.verifier.verifierKey ?? "";
const cosigner = (i: number): Signer => {
  const key = witnesses[i];
  if (key === undefined) throw new Error(`no witness ${i}`);
  return createCosigner(key, () => 1_700_000_000_000 + i * 1000);
};

/** The specification's example, with keys. */
const EXAMPLE = `log ${log.verifier.verifierKey}

witness X1 ${vkey(0)}
witness X2 ${vkey(1)} https://witness.example/x2
witness X3 ${vkey(2)}
group X-witnesses 2 X1 X2 X3

  # two levels
witness Y1\t${vkey(3)}
witness Y2 ${vkey(4)}  \t
witness Y3 ${vkey(5)}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`;
const parse = (text: string) => parsePolicy(encodeText(text));

function errorOf(run: () => unknown): { code: string; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof LedgerError) return error;
    throw error;
  }
  return { code: "none", message: "" };
}
const checkpoint = { origin: "log.example", size: 3, root: new Uint8Array(32).fill(3), extensions: [] };
/** `signCheckpoint` signs as logs do only; cosignatures are added here. */
function note(signers: readonly Signer[], cosigners: readonly Signer[] = []): Promise<Uint8Array> {
  return signNote(encodeCheckpoint(checkpoint), [...signers, ...cosigners]);
}

describe("a policy file", () => {
  it("is read as the specification's example means it", () => {
    const policy = parse(EXAMPLE);
    expect(policy.logs).toHaveLength(1);
    expect(policy.witnesses.map(({ name, url }) => [name, url])).toEqual([
      ["X1", null],
      ["X2", "https://witness.example/x2"],
      ["X3", null],
      ["Y1", null],
      ["Y2", null],
      ["Y3", null],
    ]);
    expect(quorumInWords(policy)).toBe("all of (2 of (X1, X2, X3), 1 of (Y1, Y2, Y3))");
  });

  it("asks for the quorum it says, for every set of witnesses", () => {
    const policy = parse(EXAMPLE);
    for (let set = 0; set < 64; set++) {
      const has = (i: number) => (set >> i) % 2 === 1;
      const names = new Set(policy.witnesses.filter((_, i) => has(i)).map(({ name }) => name));
      const xs = [0, 1, 2].filter(has).length;
      const ys = [3, 4, 5].filter(has).length;
      expect(
        quorumHolds(policy, ({ name }) => names.has(name)),
        String(set),
      ).toBe(xs >= 2 && ys >= 1);
    }
  });

  it("may have no log, no witness and no newline at its end", () => {
    expect(parse("quorum none")).toEqual({ logs: [], witnesses: [], quorum: "none" });
    expect(quorumInWords(parse("quorum none\n"))).toBe("none");
    expect(quorumHolds(parse("quorum none"), () => false)).toBe(true);
  });

  it("handles names as octets, not as Unicode", () => {
    const kelvin = `witness K ${vkey(0)}\nwitness \u212a ${vkey(1)}\nwitness \u00e9 ${vkey(2)}\nwitness e\u0301 ${vkey(3)}\ngroup g 4 K \u212a \u00e9 e\u0301\nquorum g\n`;
    expect(parse(kelvin).witnesses.map(({ name }) => name)).toEqual(["K", "\u212a", "\u00e9", "e\u0301"]);
    const bytes = encodeText(`witness ? ${vkey(0)}\nquorum ?\n`).map((byte) => (byte === 0x3f ? 0xff : byte));
    expect(parsePolicy(bytes).witnesses).toHaveLength(1);
    expect(errorOf(() => parse(`witness a\u00a0b ${vkey(0)}\nquorum a\n`)).message).toContain("line 2");
  });

  const w = `witness w ${vkey(0)}\n`;
  it.each([
    ["no quorum line", w, "no quorum"],
    ["nothing", "", "no quorum"],
    ["two quorum lines", `${w}quorum w\nquorum w\n`, "line 3: there is a quorum already (line 2)"],
    ["a quorum nobody defined", "quorum w\n", "line 1"],
    ["a quorum before its definition", `quorum w\n${w}`, "line 1"],
    ["a quorum of two", `${w}quorum w w\n`, "line 2"],
    ["an unknown keyword", `witnes w\n${w}quorum w\n`, "line 1"],
    ["a keyword in capitals", `Log ${log.verifier.verifierKey}\nquorum none\n`, "line 1"],
    ["a witness called none", `witness none ${vkey(0)}\nquorum none\n`, "line 1"],
    ["a group called none", `${w}group none any w\nquorum none\n`, "line 2"],
    ["none in a group", `${w}group g any w none\nquorum g\n`, "line 2"],
    ["a name twice", `${w}witness w ${vkey(1)}\nquorum w\n`, "line 2"],
    ["a group's name that is a witness's", `${w}group w any w\nquorum w\n`, "line 2"],
    [
      "a key twice",
      `${w}witness v ${vkey(0)}\nquorum w\n`,
      "line 2: this witness has the public key of line 1",
    ],
    [
      "a log twice",
      `log ${log.verifier.verifierKey}\nlog ${log.verifier.verifierKey}\nquorum none\n`,
      "line 2",
    ],
    ["a member twice", `${w}group g any w w\nquorum g\n`, "line 2"],
    ["a member of two groups", `${w}group g any w\ngroup h any w\nquorum h\n`, "line 3"],
    ["a group in itself", "group g any g\nquorum g\n", "line 1"],
    ["a group of nobody", "group g any\nquorum g\n", "line 1"],
    ["a threshold of 0", `${w}group g 0 w\nquorum g\n`, "line 2"],
    ["a threshold above its members", `${w}group g 2 w\nquorum g\n`, "line 2"],
    ["a threshold with a zero in front", `${w}group g 01 w\nquorum g\n`, "line 2"],
    ["a threshold in hexadecimal", `${w}group g 0x1 w\nquorum g\n`, "line 2"],
    [
      "a log's key for a witness",
      `witness w ${log.verifier.verifierKey}\nquorum w\n`,
      "line 1: a witness's key has type 4",
    ],
    ["a witness's key for a log", `log ${vkey(0)}\nquorum none\n`, "line 1: a log's key has type 1"],
    ["a changed key", `witness w ${vkey(0).replace("witness0", "witness1")}\nquorum w\n`, "line 1"],
    ["a log with two URLs", `log ${log.verifier.verifierKey} a b\nquorum none\n`, "line 1"],
    ["a witness without a key", "witness w\nquorum w\n", "line 1"],
    ["carriage returns", `${w}quorum w\r\n`, "line 2: control character 0x0d"],
    ["a NUL in a comment", `# \0\n${w}quorum w\n`, "line 1"],
    ["a DEL", `${w}quorum w\x7f\n`, "line 2"],
    ["a comment behind words", `${w}quorum w # here\n`, "line 2"],
  ])("is refused with %s", (_what, text, words) => {
    const error = errorOf(() => parse(text));
    expect(error.code).toBe("TRIPLINE_LEDGER_POLICY_INVALID");
    expect(error.message).toContain(words);
  });

  it("takes 32 of each and 256, and no more", () => {
    const many = (count: number) => {
      const keys = Array.from({ length: count }, (_, i) =>
        generateSigningKey(`w${i}`, SIGNATURE_TYPE.cosignatureV1),
      );
      const lines = keys.map(({ verifier }, i) => `witness w${i} ${verifier.verifierKey}\n`).join("");
      const groups = keys.map((_, i) => `group g${i} all w${i}${i === 0 ? "" : ` g${i - 1}`}\n`).join("");
      return `${lines}${groups}quorum g${count - 1}\n`;
    };
    expect(quorumHolds(parse(many(32)), () => true)).toBe(true);
    expect(quorumHolds(parse(many(256)), ({ name }) => name !== "w0")).toBe(false);
    expect(errorOf(() => parse(many(257))).message).toContain("line 257");
    expect(errorOf(() => parsePolicy(new Uint8Array(2 ** 20 + 1))).code).toBe(
      "TRIPLINE_LEDGER_POLICY_INVALID",
    );
  });

  it("never crashes the parser", () => {
    const words = fc.constantFrom(
      "log",
      "witness",
      "group",
      "quorum",
      "none",
      "any",
      "all",
      "1",
      "w",
      "g",
      "\n",
      vkey(0),
      vkey(1),
      log.verifier.verifierKey,
    );
    const made = fc.array(fc.oneof(words, fc.string({ maxLength: 3 })), { maxLength: 30 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          made.map((list) => encodeText(list.join(" "))),
        ),
        (bytes) => {
          const { code } = errorOf(() => parsePolicy(bytes));
          expect(["none", "TRIPLINE_LEDGER_POLICY_INVALID"]).toContain(code);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("never asks for less after one byte was changed", () => {
    // What still parses may be another policy, but must not be one that our log's signature alone would satisfy.
    const bytes = encodeText(
      `log ${log.verifier.verifierKey}\nwitness w1 ${vkey(0)}\nwitness w2 ${vkey(1)}\ngroup g 2 w1 w2\nquorum g\n`,
    );
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const changed = bytes.slice();
        changed[at] = value;
        let policy: Policy;
        try {
          policy = parsePolicy(changed);
        } catch {
          return; // the property above says how it throws
        }
        expect(quorumHolds(policy, () => false)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a checkpoint judged by a policy", () => {
  const policy = parse(EXAMPLE);

  it("is valid with a quorum, and says who cosigned when", async () => {
    const judged = openCheckpointByPolicy(
      await note([createSigner(log)], [cosigner(0), cosigner(2), cosigner(4)]),
      policy,
    );
    expect(judged).toMatchObject({ size: 3, quorum: true });
    expect(judged.cosignatures.map(({ witness, timestamp }) => [witness.name, timestamp])).toEqual([
      ["X1", 1_700_000_000],
      ["X3", 1_700_000_002],
      ["Y2", 1_700_000_004],
    ]);
    expect(judged.missing.map(({ name }) => name)).toEqual(["X2", "Y1", "Y3"]);
  });

  it("is the log's word only, without one", async () => {
    const alone = await note([createSigner(log)], [cosigner(0), cosigner(4)]);
    expect(judgeCheckpoint(alone, policy).quorum).toBe(false);
    const error = errorOf(() => openCheckpointByPolicy(alone, policy));
    expect(error.code).toBe("TRIPLINE_LEDGER_QUORUM_MISSING");
    expect(error.message).toContain("lacks X2, X3, Y1, Y3");
  });

  it("is nothing without the log's signature, however many cosigned", async () => {
    const all = [0, 1, 2, 3, 4, 5].map(cosigner);
    expect(errorOf(() => judgeCheckpoint(Uint8Array.from([]), policy)).code).toBe(
      "TRIPLINE_LEDGER_NOTE_MALFORMED",
    );
    for (const signers of [[], [createSigner(otherLog)], [createSigner(nextLog)]]) {
      const signed = await note(signers, all);
      expect(errorOf(() => judgeCheckpoint(signed, policy)).code).toBe("TRIPLINE_LEDGER_UNSIGNED");
    }
  });

  it("is not a witness's to sign in the log's name", async () => {
    const sameName = generateSigningKey("log.example", SIGNATURE_TYPE.cosignatureV1);
    const trap = parse(
      `log ${log.verifier.verifierKey}\nwitness w ${sameName.verifier.verifierKey}\nquorum w\n`,
    );
    const signed = await note([], [createCosigner(sameName, () => 0)]);
    expect(errorOf(() => judgeCheckpoint(signed, trap)).code).toBe("TRIPLINE_LEDGER_UNSIGNED");
  });

  it("is refused whole when one cosignature of a known witness is wrong", async () => {
    const parsed = parseNote(await note([createSigner(log)], [cosigner(0), cosigner(1), cosigner(3)]));
    const [first, second, ...rest] = parsed.signatures;
    if (first === undefined || second === undefined) throw new Error("a note without signatures");
    const wrong = { ...second, signature: second.signature.map((byte, i) => (i === 7 ? byte ^ 1 : byte)) };
    const changed = encodeNote({ ...parsed, signatures: [first, wrong, ...rest] });
    expect(errorOf(() => judgeCheckpoint(changed, policy)).code).toBe("TRIPLINE_LEDGER_SIGNATURE_INVALID");
  });

  it("is never valid after one bit was changed, where the quorum is everybody", async () => {
    const strict = parse(
      `log ${log.verifier.verifierKey}\nwitness w1 ${vkey(0)}\nwitness w2 ${vkey(1)}\ngroup g all w1 w2\nquorum g\n`,
    );
    const bytes = await note([createSigner(log)], [cosigner(0), cosigner(1)]);
    expect(openCheckpointByPolicy(bytes, strict).quorum).toBe(true);
    for (let byte = 0; byte < bytes.length; byte++) {
      const changed = bytes.slice();
      changed[byte] = (changed[byte] ?? 0) ^ (1 << (byte % 8));
      expect(errorOf(() => openCheckpointByPolicy(changed, strict)).code, `byte ${byte}`).not.toBe("none");
    }
  });

  it("is valid before, while and after a log changes its key, for who has both in the policy", async () => {
    const rotating = parse(
      `log ${log.verifier.verifierKey}\nlog ${nextLog.verifier.verifierKey}\nwitness w ${vkey(0)}\nquorum w\n`,
    );
    const before = await signCheckpoint(checkpoint, [createSigner(log)]);
    const during = await signCheckpoint(checkpoint, [createSigner(log), createSigner(nextLog)]);
    const after = await signCheckpoint(checkpoint, [createSigner(nextLog)]);
    for (const [bytes, count] of [
      [before, 1],
      [during, 2],
      [after, 1],
    ] as const) {
      expect(judgeCheckpoint(bytes, rotating).signedBy).toHaveLength(count);
    }
    const old = parse(`log ${log.verifier.verifierKey}\nquorum none\n`);
    expect(judgeCheckpoint(during, old).quorum).toBe(true);
    expect(errorOf(() => judgeCheckpoint(after, old)).code).toBe("TRIPLINE_LEDGER_UNSIGNED");
  });

  it("is valid by the old or the new key of a witness that changes it, in a group of any", async () => {
    const rotating = parse(
      `log ${log.verifier.verifierKey}\nwitness old ${vkey(0)}\nwitness new ${vkey(1)}\ngroup w any old new\nquorum w\n`,
    );
    for (const cosigners of [[cosigner(0)], [cosigner(1)], [cosigner(0), cosigner(1)]]) {
      expect(judgeCheckpoint(await note([createSigner(log)], cosigners), rotating).quorum).toBe(true);
    }
    expect(judgeCheckpoint(await note([createSigner(log)]), rotating).quorum).toBe(false);
  });

  it("takes the log from elsewhere when the policy names none", async () => {
    const noLog = parse(`witness w ${vkey(0)}\nquorum w\n`);
    const signed = await note([createSigner(log)], [cosigner(0)]);
    expect(errorOf(() => judgeCheckpoint(signed, noLog)).code).toBe("TRIPLINE_LEDGER_UNSIGNED");
    expect(judgeCheckpoint(signed, noLog, [{ key: log.verifier, url: null }]).quorum).toBe(true);
  });
});
