import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createSigner,
  createWitnessClient,
  encodeAddCheckpoint,
  encodeText,
  generateSigningKey,
  openCheckpoint,
  parsePolicy,
  parseSignatureLines,
  parseVerifierKey,
  signCheckpoint,
} from "@tripline/ledger";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { treeOf } from "../packages/ledger/src/testing/tree-of.ts";
import { type OwnProcess, startProcess } from "./support/own-process.ts";
import { waitFor } from "./support/wait-for.ts";

const COMMAND = new URL("../packages/cli/src/main.ts", import.meta.url).pathname;
const START_TIMEOUT_MS = 20_000; // a process that loads TypeScript, on a busy machine
const TEST_TIMEOUT_MS = 120_000; // up to five starts
const NAME = "witness.example.org/tripline";

const log = generateSigningKey("log.example/root");
const LEAVES = 400;
const honest = treeOf(Array.from({ length: LEAVES }, (_, i) => encodeText(`entry ${i}`)));
const forged = treeOf(
  Array.from({ length: LEAVES }, (_, i) => encodeText(i < 5 ? `entry ${i}` : `forged ${i}`)),
);
const noteOf = async (size: number, tree = honest) =>
  signCheckpoint({ origin: log.verifier.name, size, root: await tree.root(size), extensions: [] }, [
    createSigner(log),
  ]);

let directory: string;
let processes: OwnProcess[];
beforeEach(() => {
  processes = [];
  directory = mkdtempSync(join(tmpdir(), "tripline-witness-"));
});
afterEach(async () => {
  await Promise.all(processes.map((each) => each.end()));
  rmSync(directory, { recursive: true });
});

interface Running {
  process: OwnProcess;
  url: string;
  keys: string[];
}

function start(...args: string[]): OwnProcess {
  const process_ = startProcess(COMMAND, {
    args: [
      "--json",
      "witness",
      "--dir",
      directory,
      "--listen",
      "127.0.0.1:0",
      "--log-level",
      "debug",
      ...args,
    ],
  });
  processes.push(process_);
  return process_;
}

async function running(...args: string[]): Promise<Running> {
  const process_ = start(...args);
  await waitFor(() => process_.lines().length > 0 || !process_.running(), {
    timeoutMs: START_TIMEOUT_MS,
    what: "the witness to say where it is",
  });
  const [line] = process_.lines();
  if (line === undefined) throw new Error(`it ended: ${process_.output()}`);
  const { url, verifier_keys } = JSON.parse(line);
  return { process: process_, url, keys: verifier_keys };
}

const watch = (...keys: string[]) =>
  writeFileSync(join(directory, "logs"), keys.map((key) => `log ${key}\n`).join(""));
const policyOf = ({ url, keys }: Running) =>
  parsePolicy(encodeText(`log ${log.verifier.verifierKey}\nwitness w ${keys[0]} ${url}\nquorum w\n`));
const post = async (url: string, body: Uint8Array) => {
  const answer = await fetch(`${url}/add-checkpoint`, { method: "POST", body: Buffer.from(body) });
  return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
};
const healthAnswer = z.object({
  parts: z.record(z.string(), z.object({ state: z.string(), detail: z.string().optional() })),
});
const health = async (url: string) => healthAnswer.parse(await (await fetch(`${url}/health`)).json());

describe("tripline witness", { timeout: TEST_TIMEOUT_MS }, () => {
  it("makes its key at the first start, keeps it to itself, and cosigns", async () => {
    expect(await start().exited).toBe(2); // no name
    expect(readdirSync(directory)).toEqual([]);
    const first = await running("--name", NAME);
    expect(parseVerifierKey(first.keys[0] ?? "")).toMatchObject({ name: NAME, type: 4 });
    expect(await (await fetch(`${first.url}/keys`)).text()).toBe(`${first.keys[0]}\n`);
    expect((await health(first.url)).parts).toMatchObject({
      http: { state: "ready" },
      logs: { state: "degraded" },
    });
    const secret = readFileSync(join(directory, "witness.key"), "utf8").trim();
    expect(secret).toContain("PRIVATE+KEY");
    expect(statSync(join(directory, "witness.key")).mode & 0o777).toBe(0o600);

    watch(log.verifier.verifierKey);
    await waitFor(async () => (await health(first.url)).parts.logs?.state === "ready", {
      what: "the list to be read",
    });
    const client = createWitnessClient({ policy: policyOf(first) });
    for (const size of [1, 7, 7, 300]) {
      expect((await client.cosign(await noteOf(size), honest.consistency)).quorum, String(size)).toBe(true);
    }
    const metrics = await (await fetch(`${first.url}/metrics`)).text();
    expect(metrics).toContain('tripline_witness_answers_total{outcome="cosigned",service="witness"} 4');

    watch(log.verifier.verifierKey, "nonsense");
    await waitFor(async () => (await health(first.url)).parts.logs?.detail?.includes("line 2"), {
      what: "the mistake",
    });
    expect((await client.cosign(await noteOf(301), honest.consistency)).quorum).toBe(true);

    watch(log.verifier.verifierKey);

    const refused = await post(
      first.url,
      encodeAddCheckpoint({ oldSize: 301, proof: [], checkpoint: await noteOf(301, forged) }),
    );
    expect(refused.status).toBe(409);
    expect(await first.process.end("SIGTERM")).toBe(0);
    expect(first.process.output()).toContain("a log contradicts what it showed before");
    const alarm = first.process
      .output()
      .split("\n")
      .find((line) => line.includes("contradicts"));
    const { cosigned, request } = JSON.parse(alarm ?? "{}");
    expect(openCheckpoint(encodeText(cosigned), [log.verifier]).root).toEqual(await honest.root(301));
    expect(request).toContain(new TextDecoder().decode(await noteOf(301, forged)));
    expect(first.process.output()).not.toContain(secret.slice(secret.lastIndexOf("+") + 1));
    expect(first.process.output()).not.toContain("PRIVATE");

    const second = await running(); // the name is needed once
    expect(second.keys).toEqual(first.keys);
    expect(
      await post(second.url, encodeAddCheckpoint({ oldSize: 0, proof: [], checkpoint: await noteOf(9) })),
    ).toMatchObject({ status: 409, type: "text/x.tlog.size", text: "301\n" });
  });

  it("keeps to one history when it is killed at any moment, and two are offered", async () => {
    watch(log.verifier.verifierKey);
    const cosigned = new Map<number, Set<string>>();
    let largest = 0;
    let sent = 0;
    for (let life = 0; life < 4; life++) {
      const { url, keys, process } = await running("--name", NAME);
      const key = parseVerifierKey(keys[0] ?? "");
      const told = await post(
        url,
        encodeAddCheckpoint({ oldSize: LEAVES, proof: [], checkpoint: await noteOf(LEAVES) }),
      );
      let size = Number(told.text);
      // What it cosigned before it was killed, it knows.
      expect(size).toBeGreaterThanOrEqual(largest);
      const killAfter = sent + 6 + life * 6; // requests: in the middle of the next one
      while (process.running() && size < LEAVES - 1) {
        sent++;
        const tree = sent % 3 === 0 ? forged : honest;
        const next = size + 1;
        const note = await noteOf(next, tree);
        const proof = size === 0 ? [] : await tree.consistency(size, next);
        const answering = post(url, encodeAddCheckpoint({ oldSize: size, proof, checkpoint: note }));
        if (sent >= killAfter) void process.end();
        const answer = await answering.catch(() => null);
        if (answer?.status === 200) {
          const [signature] = parseSignatureLines(answer.text);
          const text = new TextDecoder().decode(note).split("\n\n")[0];
          expect(key.verify(encodeText(`${text}\n`), signature?.signature ?? new Uint8Array())).toBe(true);
          const root = Buffer.from(await tree.root(next)).toString("hex");
          cosigned.set(next, (cosigned.get(next) ?? new Set()).add(root));
          largest = next;
          size = next;
        }
      }
      await process.end();
    }
    expect(cosigned.size).toBeGreaterThan(10);
    // One root for each size, and all of one tree.
    const side = cosigned.get(largest)?.has(Buffer.from(await honest.root(largest)).toString("hex"))
      ? honest
      : forged;
    for (const [size, roots] of cosigned) {
      expect([...roots], String(size)).toEqual([Buffer.from(await side.root(size)).toString("hex")]);
    }
  });

  it("does not start without the memory that belongs to its key", async () => {
    watch(log.verifier.verifierKey);
    const first = await running("--name", NAME);
    await createWitnessClient({ policy: policyOf(first) }).cosign(await noteOf(7), honest.consistency);
    await first.process.end("SIGTERM");
    const state = join(directory, "state");
    const newest = join(state, readdirSync(state).sort().at(-1) ?? "");
    const bytes = readFileSync(newest);
    writeFileSync(newest, bytes.subarray(0, 100));
    const damaged = start();
    expect(await damaged.exited).toBe(1);
    expect(damaged.output()).toContain("is damaged");
    rmSync(state, { recursive: true });
    const forgetful = start("--name", NAME);
    expect(await forgetful.exited).toBe(1);
    expect(forgetful.output()).toContain("there is a key and no state");
  });

  it("ends when another process took its place, without having cosigned", async () => {
    watch(log.verifier.verifierKey);
    const first = await running("--name", NAME);
    const second = await running();
    const client = createWitnessClient({ policy: policyOf(first) });
    expect((await client.cosign(await noteOf(7), honest.consistency)).quorum).toBe(true);
    const answer = await post(
      second.url,
      encodeAddCheckpoint({ oldSize: 0, proof: [], checkpoint: await noteOf(9, forged) }),
    );
    expect(answer.status).toBe(503);
    expect(answer.text).toContain("TRIPLINE_WITNESS_BROKEN");
    expect(await second.process.exited).toBe(1);
    expect((await client.cosign(await noteOf(9), honest.consistency)).quorum).toBe(true);
  });

  it("signs with its old and its new key while it changes them", async () => {
    watch(log.verifier.verifierKey);
    const first = await running("--name", NAME);
    await first.process.end("SIGTERM");
    const adding = start("--add-key", "--name", NAME);
    expect(await adding.exited).toBe(0);
    const [added] = JSON.parse(adding.lines()[0] ?? "").verifier_keys;
    const both = await running();
    expect(new Set(both.keys)).toEqual(new Set([...first.keys, added]));
    const answer = await post(
      both.url,
      encodeAddCheckpoint({ oldSize: 0, proof: [], checkpoint: await noteOf(7) }),
    );
    expect(parseSignatureLines(answer.text)).toHaveLength(2);
  });

  it("refuses other names, pages, and what is too long", async () => {
    const { url } = await running("--name", NAME, "--public-host", "witness.example.org");
    const page = await fetch(`${url}/add-checkpoint`, {
      method: "POST",
      headers: { origin: "https://evil.example" },
    });
    expect(page.status).toBe(403);
    expect((await post(url, new Uint8Array(70_000))).status).toBe(413);
    expect((await post(url, new Uint8Array())).status).toBe(400);
    expect((await fetch(`${url}/add-checkpoint`)).status).toBe(404);
  });
});
