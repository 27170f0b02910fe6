import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requirement } from "../../../test/support/requirements.ts";
import {
  createCosigner,
  createSigner,
  createWitness,
  createWitnessClient,
  encodeCheckpoint,
  encodeProof,
  encodeText,
  generateSigningKey,
  NOTHING_WITNESSED,
  openCheckpointByPolicy,
  openNote,
  parsePolicy,
  parseSigningKey,
  parseTimestampedSignature,
  parseVerifierKey,
  SIGNATURE_TYPE,
  signNote,
  type WitnessedTree,
} from "../src/index.ts";
import { treeOf } from "../src/testing/tree-of.ts";

const GO_DIRECTORY = join(import.meta.dirname, "../test-go");
const GO_BUILD_MS = 300_000; // from nothing; afterwards Go's cache answers in a second
const TESSERA_MS = 60_000; // publishes each 100 ms, after its witnesses answered

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

const ORIGIN = "log.example/made-here";
const log = generateSigningKey(ORIGIN);
const witnesses = [1, 2, 3].map((n) =>
  generateSigningKey(`witness.example/${n}`, SIGNATURE_TYPE.cosignatureV1),
);
const [w1, w2, w3] = witnesses.map(({ verifier }) => verifier.verifierKey);
const POLICY = `# two of three
log ${log.verifier.verifierKey}
witness w1 ${w1} https://w1.example/
witness w2 ${w2} https://w2.example/
witness w3 ${w3} https://w3.example/
group pair 2 w1 w2 w3
quorum pair
`;
const entries = Array.from({ length: 300 }, (_, i) => encodeText(`entry ${i}`));
const tree = treeOf(entries);

async function noteOf(
  size: number,
  cosigners: readonly number[],
  extensions: string[] = [],
): Promise<string> {
  const text = encodeCheckpoint({ origin: ORIGIN, size, root: await tree.root(size), extensions });
  const cosigning = witnesses.filter((_, i) => cosigners.includes(i + 1));
  const signers = cosigning.map((key, i) => createCosigner(key, () => (1_700_000_000 + i) * 1000));
  return new TextDecoder().decode(await signNote(text, [createSigner(log), ...signers]));
}

describe.skipIf(requirement("go").missing)("golang.org/x/mod, transparency-dev/formats and Tessera", () => {
  const program = join(GO_DIRECTORY, "bin/interop");
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "ledger-interop-"));
    await promisify(execFile)("go", ["build", "-o", program, "./interop"], {
      cwd: GO_DIRECTORY,
      timeout: GO_BUILD_MS,
    });
  }, GO_BUILD_MS);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  async function run(args: readonly string[], input: string): Promise<Run> {
    const child = spawn(program, args);
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        output[stream] += text;
      });
    child.stdin.end(input);
    const [code] = await once(child, "close");
    return { code, ...output };
  }
  const verify = (input: object) =>
    run(["verify"], JSON.stringify({ origin: ORIGIN, log_key: log.verifier.verifierKey, ...input }));
  const said = ({ code, stdout, stderr }: Run) => {
    expect(stderr).toBe("");
    expect(code).toBe(0);
    return JSON.parse(stdout);
  };

  it("read our checkpoints, cosignatures and policies", async () => {
    for (const size of [0, 1, 7, 256, 300]) {
      const note = await noteOf(size, [1, 3], size === 7 ? ["an extension"] : []);
      expect(said(await verify({ note, witness_keys: [w1, w2, w3], policy: POLICY }))).toMatchObject({
        size,
        root: Buffer.from(await tree.root(size)).toString("hex"),
        cosigners: [
          { name: "witness.example/1", time: 1_700_000_000 },
          { name: "witness.example/3", time: 1_700_000_001 },
        ],
        quorum: true,
      });
    }
    expect(said(await verify({ note: await noteOf(7, [2]), policy: POLICY })).quorum).toBe(false);
    expect(
      openCheckpointByPolicy(encodeText(await noteOf(7, [1, 3])), parsePolicy(encodeText(POLICY))).quorum,
    ).toBe(true);
  });

  it("read our proof files, and find the entry where we say", async () => {
    const checkpoint = encodeText(await noteOf(300, [1, 2]));
    for (const index of [0, 1, 255, 256, 299]) {
      const hashes = await tree.inclusion(index, 300);
      const file = encodeProof({ extra: index === 1 ? encodeText("x") : null, index, hashes, checkpoint });
      const proof = new TextDecoder().decode(file);
      const entry = Buffer.from(entries[index] ?? "").toString("base64");
      expect(said(await verify({ proof, entry, policy: POLICY }))).toMatchObject({
        index,
        size: 300,
        quorum: true,
      });
      expect((await verify({ proof, entry: Buffer.from("other").toString("base64") })).code).toBe(1);
    }
  });

  it("refuse what we refuse", async () => {
    const note = await noteOf(7, [1, 3]);
    for (const [changed, what] of [
      [note.replace("\n7\n", "\n8\n"), "another size"],
      [note.replace("witness.example/1 ", "witness.example/9 "), "a witness's name"],
      [note.replace(ORIGIN, "log.example/other"), "another origin"],
    ] as const) {
      const go = await verify({ note: changed, witness_keys: [w1, w2, w3], policy: POLICY });
      const goAccepts = go.code === 0 && JSON.parse(go.stdout).quorum === true;
      expect(goAccepts, what).toBe(false);
      expect(
        () => openCheckpointByPolicy(encodeText(changed), parsePolicy(encodeText(POLICY))),
        what,
      ).toThrow();
    }
  });

  it("write keys, notes and cosignatures that we read", async () => {
    const text = encodeCheckpoint({
      origin: "log.example/go",
      size: 3,
      root: await tree.root(3),
      extensions: [],
    });
    const made = said(await run(["sign", "log.example/go"], text));
    const logKey = parseVerifierKey(made.log_key);
    const witnessKey = parseVerifierKey(made.witness_key);
    expect(witnessKey).toMatchObject({ name: "witness.example/go", type: 4, verifierKey: made.witness_key });
    const opened = openNote(encodeText(made.note), [logKey, witnessKey]);
    expect(opened.verified).toHaveLength(2);
    const at = parseTimestampedSignature(opened.verified[1]?.signature ?? new Uint8Array());
    expect(at?.timestamp).toBeGreaterThan(1_700_000_000);
    const ours = parseSigningKey(made.log_secret);
    expect(ours.verifier.verifierKey).toBe(made.log_key);
    const again = await signNote(text, [createSigner(ours)]);
    expect(made.note.startsWith(new TextDecoder().decode(again))).toBe(true);
  });

  it("run a witness that cosigns for our client", async () => {
    const child: ChildProcessWithoutNullStreams = spawn(program, ["witness", log.verifier.verifierKey]);
    try {
      const [line] = await once(createInterface(child.stdout), "line");
      const { url, witness_key } = JSON.parse(String(line));
      const policy = parsePolicy(
        encodeText(`log ${log.verifier.verifierKey}\nwitness go ${witness_key} ${url}/\nquorum go\n`),
      );
      const client = createWitnessClient({ policy });
      for (const size of [1, 7, 7, 255, 256, 300]) {
        const result = await client.cosign(encodeText(await noteOf(size, [])), tree.consistency);
        expect(result.outcomes, String(size)).toMatchObject([{ kind: "cosigned" }]);
        expect(openCheckpointByPolicy(result.note, policy).size).toBe(size);
      }
      const fresh = createWitnessClient({ policy }); // is told the size with a 409
      expect((await fresh.cosign(encodeText(await noteOf(300, [])), tree.consistency)).quorum).toBe(true);
      const behind = await fresh.cosign(encodeText(await noteOf(7, [])), tree.consistency);
      expect(behind.outcomes).toMatchObject([{ kind: "failed", reason: "ahead" }]);
    } finally {
      child.kill();
    }
  });

  it(
    "run a Tessera log that our witness cosigns, with a key that we made",
    async () => {
      const tesseraLog = generateSigningKey("log.example/tessera");
      const cosigner = generateSigningKey("witness.example/ours", SIGNATURE_TYPE.cosignatureV1);
      const trees = new Map<string, WitnessedTree>();
      const witness = createWitness({
        logs: () => new Map([["log.example/tessera", [tesseraLog.verifier]]]),
        memory: {
          last: (origin) => trees.get(origin) ?? NOTHING_WITNESSED,
          remember: async (origin, next) => void trees.set(origin, next),
        },
        signers: [createCosigner(cosigner, Date.now)],
      });
      const server = createServer(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        const answer = await witness.addCheckpoint(Buffer.concat(chunks));
        response.writeHead(answer.status, { "content-type": answer.contentType }).end(answer.body);
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const policyText = `log ${tesseraLog.verifier.verifierKey}\nwitness ours ${cosigner.verifier.verifierKey} ${url}\nquorum ours\n`;
      try {
        const input = { secret: tesseraLog.secret, policy: policyText, batches: [1, 5, 300] };
        const { code, stdout, stderr } = await run(
          ["log", join(directory, "tessera")],
          JSON.stringify(input),
        );
        expect(code, stderr).toBe(0);
        const { checkpoints } = JSON.parse(stdout);
        const opened = checkpoints.map((note: string) =>
          openCheckpointByPolicy(encodeText(note), parsePolicy(encodeText(policyText))),
        );
        expect(opened.map(({ size }: { size: number }) => size)).toEqual([1, 6, 306]);
        expect(trees.get("log.example/tessera")?.size).toBe(306);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    },
    TESSERA_MS,
  );
});
