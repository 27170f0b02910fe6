import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { TOPIC_CLEANUP, TOPICS } from "@tripline/events";
import {
  CHECKPOINT_PATH,
  createWitnessClient,
  generateSigningKey,
  type LedgerError,
  lostEntry,
  openCheckpoint,
  openPlace,
  parseCatalog,
  partitionPath,
  ROOT_PATH,
  readRootEntry,
  TileReader,
  WITNESSED_PATH,
  type WitnessClient,
} from "@tripline/ledger";
import { verifyTimestamp } from "@tripline/ledger/timestamp";
import { createContext } from "@tripline/service";
import { createMemoryLog, type Log } from "@tripline/stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeTimestampAuthority } from "../../../../packages/ledger/src/testing/timestamp-authority.ts";
import { requirement } from "../../../../test/support/requirements.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { InstallationLogs } from "./installation-logs.ts";
import { LEDGER_KEY_VARIABLE, ledgerKeys } from "./ledger-keys.ts";
import { Publication } from "./publication.ts";
import { RootLedger } from "./root-ledger.ts";
import { Timestamps } from "./timestamps.ts";

const GENERATION = "memory-1";
const context = createContext({ service: "test", logLevel: "silent" });
let directory: string;
let log: Log;
let logs: InstallationLogs;
let open: RootLedger[];
let damage: LedgerError[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "tripline-root-"));
  log = createMemoryLog();
  const name = TOPICS.checkpoints;
  await log.ensureTopics([{ name, partitions: 1, cleanup: TOPIC_CLEANUP[name] }]);
  logs = await logsIn(directory);
  open = [];
  damage = [];
});
afterEach(async () => {
  await Promise.all(open.map((each) => each.close()));
  expect(damage).toEqual([]);
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

async function logsIn(dataDir: string): Promise<InstallationLogs> {
  const place = openPlace(pathToFileURL(join(directory, "ledger")).href, { env: {} });
  return new InstallationLogs(place, await ledgerKeys(dataDir, {}));
}

function root(
  options: {
    webhook?: string;
    witnesses?: WitnessClient;
    of?: InstallationLogs;
    authority?: { url: string; trusted: string };
    idleEveryMs?: number;
  } = {},
): RootLedger {
  const { webhook = null, witnesses = null, of = logs, authority, idleEveryMs = 20 } = options;
  const storage = of.place.storageOf(ROOT_PATH);
  const timestamps =
    authority === undefined ? null : new Timestamps({ ...authority, everyMs: 1, storage, now: context.now });
  const made = new RootLedger({
    ...{
      logs: of,
      generation: GENERATION,
      everyMs: 20,
      idleEveryMs,
      logger: context.logger,
      now: context.now,
    },
    partitions: async () => 2,
    async onDamage(error) {
      damage.push(error);
    },
    onBehind: async () => undefined,
    publication: new Publication({
      ...{ storage, log, webhook, timestamps, context },
      witnesses: async () => witnesses,
      origin: () => of.originOf(ROOT_PATH),
    }),
  });
  open.push(made);
  return made;
}

async function grow(partition: number, leaves: number): Promise<void> {
  const grown = await logs.open(partitionPath(GENERATION, partition));
  await grown.append(grown.size, Array.from({ length: leaves }, lostEntry));
  await grown.checkpoint();
  await grown.close();
}

/** What the root log says, read and verified as anybody else would. */
async function said(): Promise<ReturnType<typeof readRootEntry>[]> {
  const storage = logs.place.storageOf(ROOT_PATH);
  const note = await storage.read(CHECKPOINT_PATH);
  if (note === null) return [];
  const head = openCheckpoint(note, logs.verifiersOf(await logs.originOf(ROOT_PATH)));
  const reader = new TileReader(storage, head);
  return await Promise.all(
    Array.from({ length: head.size }, async (_, at) => readRootEntry(await reader.entry(at))),
  );
}

async function sizes(): Promise<number[][]> {
  return (await said()).map(({ checkpoints }) => checkpoints.map(({ size }) => size));
}

describe("the root log", () => {
  it("takes in what has grown, and says so when nothing has", async () => {
    await grow(0, 3);
    root();
    await waitFor(async () => (await said()).length >= 3, { what: "entries of silence" });
    await grow(0, 2);
    await grow(1, 7);
    await waitFor(async () => (await sizes()).flat().includes(7), { what: "both partitions" });
    // A partition's log may be seen when it has just begun.
    expect((await sizes()).flat().filter((size) => size > 0)).toEqual([3, 5, 7]);
    expect((await sizes())[1]).toEqual([]);
    const times = (await said()).map(({ time }) => time);
    expect(times).toEqual([...times].sort());
  });

  it("makes few entries of silence", async () => {
    await grow(0, 1);
    root({ idleEveryMs: 60_000 });
    await waitFor(async () => (await sizes()).flat().includes(1), { what: "the first partition" });
    await grow(1, 2);
    await waitFor(async () => (await sizes()).flat().includes(2), { what: "the second partition" });
    expect((await sizes()).every((taken) => taken.length > 0)).toBe(true);
  });

  it("goes on after a restart, and beside an owner that does not know that it is none any more", async () => {
    await grow(0, 1);
    await root().close();
    const before = (await said()).length;
    root();
    const former = root({ of: await logsIn(directory) });
    await waitFor(async () => (await said()).length > before + 3, { what: "the log to grow beside a rival" });
    await former.close();
    const { length } = await said();
    await waitFor(async () => (await said()).length > length + 3, { what: "the log to grow" });
    expect((await sizes()).flat().every((size) => size === 1)).toBe(true);
  });

  it("goes to the topic and to the webhook, cosigned", async () => {
    const bodies: string[] = [];
    const receiver = await receive((body) => bodies.push(body));
    root({ webhook: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/checkpoints` });
    const entries: { key: string; value: string }[] = [];
    const table = await log.readTable(TOPICS.checkpoints, ({ key, value }) =>
      entries.push({ key, value: Buffer.from(value ?? []).toString() }),
    );
    const origin = await logs.originOf(ROOT_PATH);
    await waitFor(() => bodies.length > 0 && entries.length > 0, { what: "checkpoints elsewhere" });
    await table.close();
    receiver.close();
    expect(bodies[0]).toContain(`— ${origin} `);
    expect(entries[0]?.key).toBe(origin);
    openCheckpoint(Buffer.from(entries[0]?.value ?? ""), logs.verifiersOf(origin));
    expect(await logs.place.storageOf(ROOT_PATH).read(WITNESSED_PATH)).toBeNull();
  });

  it.skipIf(requirement("openssl").missing)(
    "has an authority say when it existed, and keeps what it said",
    async () => {
      const tsa = makeTimestampAuthority();
      const server = createServer(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        response.end(tsa.reply(Buffer.concat(chunks)));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const made = root({ authority: { url, trusted: tsa.root } });
      const storage = logs.place.storageOf(ROOT_PATH);
      const [path = ""] = await waitFor(async () => {
        const kept = (await storage.list("timestamps/")).filter((each) => each.endsWith(".tsr"));
        return kept.length > 0 && kept;
      });
      server.close();
      tsa.remove();
      expect(made.trouble).toBeNull();
      const message = (await storage.read(path.replace(".tsr", ".note"))) ?? new Uint8Array();
      const response = (await storage.read(path)) ?? new Uint8Array();
      openCheckpoint(message, logs.verifiersOf(await logs.originOf(ROOT_PATH)));
      expect(() => verifyTimestamp(response, { message, trusted: tsa.root })).not.toThrow();
    },
  );

  it("says which witness does not answer, and goes on", async () => {
    const witness = {
      kind: "witness" as const,
      name: "w1",
      key: logs.verifiersOf("witness.example")[0],
      url: "http://127.0.0.1:9/",
    };
    if (witness.key === undefined) throw new Error("no key");
    const { key } = witness;
    const policy = { logs: [], witnesses: [{ ...witness, key }], quorum: { ...witness, key } };
    const witnesses = createWitnessClient({
      policy,
      logs: logs.verifiersOf(await logs.originOf(ROOT_PATH)),
    });
    const made = root({ witnesses });
    await waitFor(() => made.trouble?.includes("w1: unreachable"), { what: "the trouble" });
    const { length } = await said();
    await waitFor(async () => (await said()).length > length, { what: "the log to grow" });
    expect(await logs.place.storageOf(ROOT_PATH).read(WITNESSED_PATH)).toBeNull();
  });

  it("keeps its name when its keys change", async () => {
    await root().close();
    const name = await logs.originOf(ROOT_PATH);
    const [old] = logs.verifiersOf(name);
    // Both keys sign for a while; then the old one goes.
    const added = generateSigningKey("tripline").secret;
    const present = readFileSync(join(directory, "keys", "ledger.key"), "utf8").trim();
    const place = logs.place;
    const rotating = new InstallationLogs(
      place,
      await ledgerKeys(directory, { [LEDGER_KEY_VARIABLE]: `${present} ${added}` }),
    );
    await root({ of: rotating }).close();
    const after = new InstallationLogs(place, await ledgerKeys(directory, { [LEDGER_KEY_VARIABLE]: added }));
    await root({ of: after }).close();
    expect(await after.originOf(ROOT_PATH)).toBe(name);
    const note = await place.storageOf(ROOT_PATH).read(CHECKPOINT_PATH);
    const head = openCheckpoint(note ?? new Uint8Array(), after.verifiersOf(name));
    expect(head.size).toBeGreaterThanOrEqual(3);
    expect(() => openCheckpoint(note ?? new Uint8Array(), old === undefined ? [] : [old])).toThrow();
    const catalog = parseCatalog((await place.storageOf("").read("logs.json")) ?? new Uint8Array());
    expect(catalog.filter(({ path }) => path === ROOT_PATH)).toHaveLength(2);
  });
});

describe("the signing key", () => {
  it("is made once, for its owner only", async () => {
    const [made] = await ledgerKeys(directory, {});
    const [again] = await ledgerKeys(directory, {});
    expect(again.verifier.verifierKey).toBe(made.verifier.verifierKey);
    expect(statSync(join(directory, "keys", "ledger.key")).mode & 0o077).toBe(0);
  });

  it("that is none is refused without being shown", async () => {
    const wrong = "PRIVATE+KEY+not-a-key-at-all";
    const refused = ledgerKeys(directory, { [LEDGER_KEY_VARIABLE]: wrong });
    await expect(refused).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_KEY_INVALID" });
    await expect(refused).rejects.not.toThrow(/not-a-key-at-all/);
  });
});

async function receive(onBody: (body: string) => void): Promise<Server> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      onBody(body);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
