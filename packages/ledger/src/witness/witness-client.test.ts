import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { encodeCheckpoint, signCheckpoint } from "../checkpoint/index.ts";
import { encodeText, SIGNATURE_TYPE, signNote } from "../note/index.ts";
import { openCheckpointByPolicy, type Policy, parsePolicy } from "../policy/index.ts";
import { createCosigner, createSigner, generateSigningKey, type SigningKey } from "../signer/index.ts";
import { treeOf } from "../testing/tree-of.ts";
import {
  createWitness,
  createWitnessClient,
  failuresInWords,
  NOTHING_WITNESSED,
  requireQuorum,
  type Witness,
  type WitnessedTree,
} from "./index.ts";

const log = generateSigningKey("log.example");
const tree = treeOf(Array.from({ length: 20 }, (_, i) => encodeText(`entry ${i}`)));
const fork = treeOf(Array.from({ length: 20 }, (_, i) => encodeText(`forged ${i}`)));
const noteOf = async (size: number, of = tree) =>
  signCheckpoint({ origin: "log.example", size, root: await of.root(size), extensions: [] }, [
    createSigner(log),
  ]);

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Handler = (body: Buffer, request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** An HTTP server on a free port; counts its requests. */
async function serve(handler: Handler): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    requests.push(`${request.method} ${request.url}`);
    await handler(Buffer.concat(chunks), request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/w`, requests };
}

interface RunningWitness {
  key: SigningKey;
  url: string;
  requests: string[];
  witness: Witness;
  /** From the next request on. */
  signWith(keys: readonly SigningKey[]): void;
}

async function startWitness(name: string, logKeys = [log.verifier]): Promise<RunningWitness> {
  const key = generateSigningKey(name, SIGNATURE_TYPE.cosignatureV1);
  const trees = new Map<string, WitnessedTree>();
  const cosigner = (each: SigningKey) => createCosigner(each, () => 1_700_000_000_000);
  const signers = [cosigner(key)];
  const witness = createWitness({
    logs: () => new Map([["log.example", logKeys]]),
    memory: {
      last: (origin) => trees.get(origin) ?? NOTHING_WITNESSED,
      remember: async (origin, next) => void trees.set(origin, next),
    },
    signers,
  });
  const { url, requests } = await serve(async (body, _request, response) => {
    const answer = await witness.addCheckpoint(body);
    response.writeHead(answer.status, { "content-type": answer.contentType }).end(answer.body);
  });
  return {
    key,
    url,
    requests,
    witness,
    signWith: (keys) => void signers.splice(0, signers.length, ...keys.map(cosigner)),
  };
}

/** w1 … wn at these URLs, and `quorum` over the group `g`. */
function policyOf(threshold: number | "none", ...parties: { key: SigningKey; url: string | null }[]): Policy {
  const lines = parties.map(
    ({ key, url }, i) => `witness w${i + 1} ${key.verifier.verifierKey} ${url ?? ""}`,
  );
  const names = parties.map((_, i) => `w${i + 1}`).join(" ");
  const quorum = threshold === "none" ? "quorum none" : `group g ${threshold} ${names}\nquorum g`;
  return parsePolicy(encodeText(`log ${log.verifier.verifierKey}\n${lines.join("\n")}\n${quorum}\n`));
}
const someKey = (name: string) => generateSigningKey(name, SIGNATURE_TYPE.cosignatureV1);

describe("cosigning", () => {
  it("gathers a quorum from several witnesses, and the note then stands the policy", async () => {
    const parties = await Promise.all(["a", "b", "c"].map((name) => startWitness(`${name}.example`)));
    const policy = policyOf(3, ...parties);
    const client = createWitnessClient({ policy });
    for (const size of [1, 2, 7, 7, 20]) {
      const result = await client.cosign(await noteOf(size), tree.consistency);
      expect(result.quorum, String(size)).toBe(true);
      expect(openCheckpointByPolicy(result.note, policy).cosignatures).toHaveLength(3);
      requireQuorum(result);
    }
    // It remembered each size: one request a checkpoint, at the submission prefix.
    expect(parties[0]?.requests).toEqual(Array(5).fill("POST /w/add-checkpoint"));
  });

  it("learns from a 409 where the witness is, and goes on from there", async () => {
    const party = await startWitness("a.example");
    const policy = policyOf(1, party);
    await createWitnessClient({ policy }).cosign(await noteOf(7), tree.consistency);
    const asked: number[] = [];
    const fresh = createWitnessClient({ policy });
    const result = await fresh.cosign(await noteOf(20), (from, to) => {
      asked.push(from);
      return tree.consistency(from, to);
    });
    expect(result.quorum).toBe(true);
    expect(asked).toEqual([7]);
    expect(party.requests).toHaveLength(3);
  });

  it("answers as soon as the quorum holds, though another witness never does", async () => {
    const quick = await startWitness("a.example");
    const silent = await serve(() => undefined);
    const policy = policyOf(1, quick, { key: someKey("b.example"), url: silent.url });
    const result = await createWitnessClient({ policy, timeoutMs: 60_000 }).cosign(
      await noteOf(3),
      tree.consistency,
    );
    expect(result.quorum).toBe(true);
    expect(result.outcomes.map(({ kind }) => kind)).toEqual(["cosigned", "not_needed"]);
  });

  it("waits for all where the policy asks for none", async () => {
    const parties = [await startWitness("a.example"), await startWitness("b.example")];
    const result = await createWitnessClient({ policy: policyOf("none", ...parties) }).cosign(
      await noteOf(3),
      tree.consistency,
    );
    expect(result.outcomes.map(({ kind }) => kind)).toEqual(["cosigned", "cosigned"]);
  });

  it("replaces an earlier cosignature of the same witness", async () => {
    const party = await startWitness("a.example");
    const policy = policyOf(1, party);
    const client = createWitnessClient({ policy });
    const once = await client.cosign(await noteOf(3), tree.consistency);
    const twice = await client.cosign(once.note, tree.consistency);
    expect(new TextDecoder().decode(twice.note).match(/\u2014 a\.example /g)).toHaveLength(1);
  });

  it("goes on without a break while the log changes its key, and while a witness changes its own", async () => {
    const nextKey = generateSigningKey("log.example");
    const party = await startWitness("w.example", [log.verifier, nextKey.verifier]);
    const nextWitness = someKey("w.example");
    const policy = parsePolicy(
      encodeText(
        [
          `log ${log.verifier.verifierKey}`,
          `log ${nextKey.verifier.verifierKey}`,
          `witness w ${party.key.verifier.verifierKey} ${party.url}`,
          `witness w-next ${nextWitness.verifier.verifierKey} ${party.url}`,
          "group w-any any w w-next",
          "quorum w-any",
        ].join("\n"),
      ),
    );
    const client = createWitnessClient({ policy });
    const stages: [number, SigningKey[], SigningKey[]][] = [
      [3, [log], [party.key]],
      [5, [log, nextKey], [party.key, nextWitness]],
      [9, [nextKey], [nextWitness]],
    ];
    for (const [size, logKeys, witnessKeys] of stages) {
      party.signWith(witnessKeys);
      const checkpoint = { origin: "log.example", size, root: await tree.root(size), extensions: [] };
      const note = await signCheckpoint(checkpoint, logKeys.map(createSigner));
      const result = await client.cosign(note, tree.consistency);
      expect(openCheckpointByPolicy(result.note, policy), String(size)).toMatchObject({ size, quorum: true });
    }
  });

  it("sends nothing that the log did not sign", async () => {
    const party = await startWitness("a.example");
    const text = encodeCheckpoint({
      origin: "log.example",
      size: 1,
      root: await tree.root(1),
      extensions: [],
    });
    const forged = await signNote(text, [createSigner(generateSigningKey("log.example"))]);
    await expect(
      createWitnessClient({ policy: policyOf(1, party) }).cosign(forged, tree.consistency),
    ).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_UNSIGNED" });
    expect(party.requests).toEqual([]);
  });

  it("passes on what keeps the log from making a proof", async () => {
    const party = await startWitness("a.example");
    const policy = policyOf(1, party);
    const client = createWitnessClient({ policy });
    await client.cosign(await noteOf(3), tree.consistency);
    await expect(
      client.cosign(await noteOf(9), () => Promise.reject(new Error("tiles are gone"))),
    ).rejects.toThrow("tiles are gone");
  });
});

describe("witnesses that do not cosign are named with the reason", () => {
  async function reasonOf(
    party: { key: SigningKey; url: string | null },
    note?: Uint8Array,
    prove = tree.consistency,
  ): Promise<string | undefined> {
    const policy = policyOf(1, party);
    const result = await createWitnessClient({ policy, timeoutMs: 1_000 }).cosign(
      note ?? (await noteOf(7)),
      prove,
    );
    expect(result.quorum).toBe(false);
    expect(() => requireQuorum(result)).toThrow(
      expect.objectContaining({
        code: "TRIPLINE_LEDGER_QUORUM_MISSING",
        message: expect.stringContaining("w1: "),
      }),
    );
    expect(result.note).toEqual(note ?? (await noteOf(7)));
    return failuresInWords(result.outcomes)[0];
  }
  const at = async (handler: Handler) => ({ key: someKey("w.example"), ...(await serve(handler)) });
  const answering = (status: number, body = "", type = "text/plain") =>
    at((_body, _request, response) => void response.writeHead(status, { "content-type": type }).end(body));

  it("a witness that does not know the log, or trusts another key for it", async () => {
    const other = generateSigningKey("other.example");
    const stranger = generateSigningKey("log.example");
    const unknowing = createWitness({
      logs: () => new Map([["other.example", [other.verifier]]]),
      memory: { last: () => NOTHING_WITNESSED, remember: async () => undefined },
      signers: [],
    });
    expect(
      await reasonOf(
        await at(async (body, _request, response) => {
          const answer = await unknowing.addCheckpoint(body);
          response.writeHead(answer.status).end(answer.body);
        }),
      ),
    ).toContain("w1: unknown_log");
    expect(await reasonOf(await startWitness("w.example", [stranger.verifier]))).toContain(
      "w1: key_not_trusted",
    );
  });

  it("a witness that saw another history, or is further on", async () => {
    const party = await startWitness("w.example");
    await createWitnessClient({ policy: policyOf(1, party) }).cosign(await noteOf(7), tree.consistency);
    expect(await reasonOf(party, await noteOf(20, fork), fork.consistency)).toContain("w1: inconsistent");
    expect(await reasonOf(party, await noteOf(7, fork), fork.consistency)).toContain("w1: inconsistent");
    expect(await reasonOf(party, await noteOf(3))).toMatch(/w1: ahead .*7 leaves.* has 3/);
  });

  it("an alarm is not lost because the others were enough", async () => {
    const [good, fooled] = [await startWitness("a.example"), await startWitness("b.example")];
    await createWitnessClient({ policy: policyOf(1, fooled) }).cosign(
      await noteOf(7, fork),
      fork.consistency,
    );
    const result = await createWitnessClient({ policy: policyOf("none", good, fooled) }).cosign(
      await noteOf(9),
      tree.consistency,
    );
    expect(failuresInWords(result.outcomes)[0]).toContain("w2: inconsistent");
  });

  it("a witness that is away, silent, busy or breaks off", async () => {
    const closed = createTcpServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const key = someKey("w.example");
    expect(await reasonOf({ key, url: `http://127.0.0.1:${port}/` })).toBe("w1: unreachable (ECONNREFUSED)");
    expect(await reasonOf(await at(() => undefined))).toContain("w1: timeout");
    expect(await reasonOf(await answering(503))).toContain("w1: busy");
    expect(await reasonOf(await answering(429))).toContain("w1: busy");
    expect(await reasonOf(await at((_body, request) => void request.socket.destroy()))).toContain(
      "w1: unreachable",
    );
    const never = await at((_body, _request, response) => void response.writeHead(200).write("\u2014 "));
    expect(await reasonOf(never)).toContain("w1: timeout");
  });

  it("a witness that answers nonsense", async () => {
    const stranger = await startWitness("w.example");
    expect(await reasonOf({ key: someKey("w.example"), url: stranger.url })).toContain("w1: bad_answer");
    for (const body of ["", "hello", "\u2014 w.example AAAA\n", "\u2014 w.example AAAAAAAA\n", "\n\u2014"]) {
      expect(await reasonOf(await answering(200, body)), body).toContain("w1: bad_answer");
    }
    expect(await reasonOf(await answering(200, "x".repeat(70_000)))).toContain(
      "w1: unreachable (its answer is longer",
    );
    expect(await reasonOf(await answering(418))).toContain("w1: refused (it answered 418)");
    expect(await reasonOf(await answering(400))).toContain("w1: refused");
    expect(await reasonOf(await answering(409, "7\n"))).toContain("w1: inconsistent"); // no size without its type
    for (const size of ["x\n", "7", "-1\n", "07\n", "9007199254740992\n"]) {
      expect(await reasonOf(await answering(409, size, "text/x.tlog.size")), size).toContain(
        "w1: inconsistent",
      );
    }
    expect(await reasonOf(await answering(409, "0\n", "text/x.tlog.size"))).toContain("w1: bad_answer");
  });

  it("a witness whose size is another with each answer, which is asked three times", async () => {
    let size = 0;
    const party = await at((_body, _request, response) => {
      size += 1;
      response.writeHead(409, { "content-type": "text/x.tlog.size" }).end(`${size}\n`);
    });
    expect(await reasonOf(party)).toContain("w1: busy");
    expect(party.requests).toHaveLength(3);
  });

  it("a cosignature over something else, or by the witness's key as a log's", async () => {
    const key = someKey("w.example");
    const cosigner = createCosigner(key, () => 0);
    const party = await serve(async (_body, _request, response) => {
      const note = await signNote("something else\n", [cosigner]);
      response.end(new TextDecoder().decode(note).split("\n\n")[1]);
    });
    expect(await reasonOf({ key, url: party.url })).toContain("w1: bad_answer");
  });

  it("a witness that sends elsewhere, or has no URL to be asked at", async () => {
    const real = await startWitness("w.example");
    const redirecting = await serve(
      (_body, _request, response) =>
        void response.writeHead(307, { location: `${real.url}/add-checkpoint` }).end(),
    );
    expect(await reasonOf({ key: real.key, url: redirecting.url })).toContain("w1: unreachable");
    expect(real.requests).toEqual([]);
    for (const url of [
      null,
      "ftp://w.example/",
      "w.example",
      "http://127.0.0.1/?a=b",
      "file:///etc/passwd",
    ]) {
      expect(await reasonOf({ key: real.key, url })).toContain("w1: no_url");
    }
  });
});
