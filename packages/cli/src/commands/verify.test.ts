import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encodeBlock, encodeColumns, encodePlaced } from "@tripline/store";
import type { RecordSource } from "@tripline/verify";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { requirement } from "../../../../test/support/requirements.ts";
import { makeTimestampAuthority } from "../../../ledger/src/testing/timestamp-authority.ts";
import { columnsOf } from "../../../store/src/testing/native-answer.ts";
import { T0, tampered, testId, timeAt, World, worldRecord } from "../../../verify/src/testing/world.ts";
import { run } from "../program.ts";

const PORT = 20_840;
const TSA_PORT = 20_841;
const RECORDS = 300;
const directory = mkdtempSync(join(tmpdir(), "tripline-verify-"));
const at = (name: string) => join(directory, name);

let world: World;
let source: RecordSource;
let service: Server;
let asked: string[] = [];

/** A service that has these records, and serves the ledger's files under /ledger. */
function serve(): Server {
  return createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    asked.push(pathname);
    const of = {
      generation: searchParams.get("generation") ?? "",
      partition: Number(searchParams.get("partition")),
    };
    const [from, to] = [Number(searchParams.get("from")), Number(searchParams.get("to"))];
    if (pathname.startsWith("/ledger/")) {
      const path = join(at("ledger"), pathname.slice("/ledger/".length));
      if (!existsSync(path)) response.writeHead(404).end();
      else response.end(readFileSync(path));
    } else if (request.headers.authorization !== "Bearer secret") {
      response.writeHead(403).end('{"error":{"code":"TRIPLINE_ROLE_MISSING","message":"no"}}');
    } else if (pathname === "/api/ledger/records" || pathname === "/api/ledger/columns") {
      const { rows, payloads, letters } = await source.read(of, from, to);
      const block = { rows: [...rows], payloads: [...payloads], letters: [...letters] };
      response.end(pathname.endsWith("columns") ? encodeColumns(columnsOf(block)) : encodeBlock(block));
    } else if (pathname === "/api/ledger/records-by-id") {
      response.end(encodePlaced(await source.byId((searchParams.get("ids") ?? "").split(","))));
    } else if (pathname === "/api/ledger/strays") response.end(encodePlaced([]));
    else if (pathname === "/api/ledger/erasures") response.end(encodePlaced(await source.erasures()));
    else if (pathname === "/api/ledger/partitions")
      response.end(JSON.stringify({ partitions: await source.partitions() }));
    else response.writeHead(404).end();
  });
}

beforeAll(async () => {
  world = new World();
  await world.append(Array.from({ length: RECORDS }, (_, n) => worldRecord(n)));
  await world.seal(1_000);
  await world.append([worldRecord(2_000, { target: { server: "\u001b[31mred\u202e", tool: "t" } })]);
  await world.seal(2_500);
  for (const [path, { files }] of world.storages) {
    for (const [name, bytes] of files) {
      const file = join(at("ledger"), path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
  }
  writeFileSync(at("policy.txt"), world.policyText);
  service = serve();
  await new Promise<void>((resolve) => service.listen(PORT, "127.0.0.1", resolve));
});
afterAll(() => {
  service.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  source = world.source;
  asked = [];
});

async function tripline(...argv: string[]) {
  const said = { out: "", err: "" };
  const code = await run(argv, {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    env: {
      TRIPLINE_URL: `http://127.0.0.1:${PORT}`,
      TRIPLINE_TOKEN: "secret",
      TRIPLINE_LEDGER: at("ledger"),
    },
    home: directory,
    now: () => new Date(T0 + 3_600_000),
    width: null,
    signal: new AbortController().signal,
  });
  return { ...said, code };
}

describe("tripline verify", () => {
  it("ends with 0 when all is as it was sealed, and says what was asked and found", async () => {
    const { code, out } = await tripline("verify", "--policy", at("policy.txt"));
    expect(code).toBe(0);
    expect(out).toContain("asked     the beginning to now");
    expect(out).toContain(`positions 0 to ${RECORDS}`);
    expect(out).toContain("w1 at");
    expect(out).toMatch(/verified\n$/);
    expect(out).not.toContain("ledger's own keys");
  });

  it("says so when it had to believe the ledger's own keys", async () => {
    expect((await tripline("verify")).out).toContain("the ledger's own keys were believed");
  });

  it("ends with 1 and names what was changed, in text and in JSON, and hostile text stays text", async () => {
    source = await tampered(world.source, world.place(), {
      rows: (row) =>
        row.index === RECORDS
          ? {
              ...row,
              envelope: Buffer.from(Buffer.from(row.envelope).toString().replace('"acme"', '"\u001b[2Jx"')),
            }
          : row,
    });
    const { code, out } = await tripline("verify");
    expect(code).toBe(1);
    expect(out).toContain(`MODIFIED        events/memory-1/0/${RECORDS}`);
    expect(out).toContain(testId(2_000));
    expect(out).not.toContain("\u001b");
    const json = await tripline("--json", "verify");
    const lines = json.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { type: "finding", finding: { kind: "MODIFIED", index: RECORDS, id: testId(2_000) } },
      { type: "summary", summary: { state: "failed", findings: { MODIFIED: 1 } } },
    ]);
    expect(json.out).not.toContain("\u001b");
  });

  it("looks at a range, a selection, one event", async () => {
    const range = await tripline("--json", "verify", "--from", timeAt(1_500));
    expect(JSON.parse(range.out).summary.counts).toMatchObject({ leaves: 1, valid: 1 });
    const where = await tripline("--json", "verify", "--where", "session=s-1,tool=read_file");
    expect(JSON.parse(where.out).summary.counts).toMatchObject({
      leaves: RECORDS + 1,
      selected: RECORDS / 5,
    });
    asked = [];
    const event = await tripline("--json", "verify", "--event", testId(42));
    expect(JSON.parse(event.out).summary).toMatchObject({
      state: "verified",
      counts: { leaves: 1, valid: 1 },
    });
    expect(asked.length).toBeLessThan(5);
  });

  it("ends with 3 where there is nothing", async () => {
    expect((await tripline("verify", "--from", timeAt(3_000))).code).toBe(3);
    expect((await tripline("verify", "--event", testId(99_999))).code).toBe(3);
  });

  it("ends with 2 when it can't look, or is used wrongly, and with 4 when it is refused", async () => {
    expect((await tripline("verify", "--ledger", at("nowhere"))).code).toBe(2);
    expect((await tripline("verify", "--policy", at("nowhere"))).code).toBe(2);
    writeFileSync(at("bad-policy.txt"), "quorum nobody\n");
    const bad = await tripline("verify", "--policy", at("bad-policy.txt"));
    expect(bad).toMatchObject({ code: 2, err: expect.stringContaining("nobody") });
    expect((await tripline("verify", "--where", "color=red")).code).toBe(2);
    expect((await tripline("--token", "wrong", "verify")).code).toBe(4);
    expect((await tripline("--url", "http://127.0.0.1:20849", "verify")).code).toBe(2);
  });

  it("finds a ledger that does not continue a checkpoint that was kept", async () => {
    const other = new World();
    Object.defineProperty(other, "key", { value: world.key });
    await other.append([worldRecord(1)]);
    await other.seal(1);
    writeFileSync(at("kept.note"), other.of("root").files.get("checkpoint") ?? "");
    const { code, out } = await tripline("verify", "--checkpoint", at("kept.note"));
    expect(code).toBe(1);
    expect(out).toContain("FORKED");
  });

  it("reads the ledger where a web server has it", async () => {
    const { code } = await tripline(
      "verify",
      "tiles",
      `http://127.0.0.1:${PORT}/ledger`,
      "--policy",
      at("policy.txt"),
    );
    expect(code).toBe(0);
    expect(asked).toContain("/ledger/root/checkpoint");
  });
});

describe("tripline ledger path", () => {
  it("says each log's origin, key and place", async () => {
    const { out } = await tripline("--json", "ledger", "path");
    const logs = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(logs).toContainEqual({
      path: "root",
      origin: world.rootOrigin,
      verifier_key: expect.stringContaining(world.rootOrigin),
      tiles: join(at("ledger"), "root"),
    });
    expect((await tripline("ledger", "path")).out).toContain(join(at("ledger"), "events"));
  });
});

describe("tripline export", () => {
  it.each(["folder", "archive.tar"])("writes what verify bundle takes: %s", async (name) => {
    const { code, err } = await tripline("export", "--policy", at("policy.txt"), "--out", at(name));
    expect({ code, err }).toMatchObject({
      code: 0,
      err: expect.stringContaining(`${RECORDS + 1} records are in`),
    });
    const { code: verified, out } = await tripline(
      "verify",
      "bundle",
      at(name),
      "--policy",
      at("policy.txt"),
    );
    expect(verified).toBe(0);
    expect(out).toMatch(/verified\n$/);
  });

  it("overwrites nothing, and leaves nothing behind when it fails", async () => {
    writeFileSync(at("there.tar"), "mine");
    expect((await tripline("export", "--out", at("there.tar"))).code).toBe(2);
    expect(readFileSync(at("there.tar"), "utf8")).toBe("mine");
    expect((await tripline("--token", "wrong", "export", "--out", at("refused.tar"))).code).toBe(4);
    expect((await tripline("export", "--from", timeAt(3_000), "--out", at("nothing.tar"))).code).toBe(3);
    expect(existsSync(at("refused.tar")) || existsSync(at("nothing.tar"))).toBe(false);
  });

  it("a bundle that was changed, or is none, ends with 1 or 2", async () => {
    await tripline("export", "--event", testId(7), "--out", at("one"));
    const file = join(at("one"), "records", "000001.ndjson");
    writeFileSync(file, readFileSync(file, "utf8").replace("read_file", "send_mail"));
    const { code, out } = await tripline("verify", "bundle", at("one"));
    expect(code).toBe(1);
    expect(out).toContain("MODIFIED");
    expect(out).toContain("BUNDLE_DAMAGED");
    writeFileSync(at("none.tar"), "none");
    expect((await tripline("verify", "bundle", at("none.tar"))).code).toBe(2);
    expect((await tripline("verify", "bundle", at("nowhere"))).code).toBe(2);
    mkdirSync(at("empty"));
    expect((await tripline("verify", "bundle", at("empty"))).code).toBe(1);
  });
});

describe.skipIf(requirement("openssl").missing)("a timestamp in a bundle", () => {
  it("is got from an authority, and verified; another's, or none, is damage", async () => {
    const authority = makeTimestampAuthority();
    const stranger = makeTimestampAuthority();
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => response.end(authority.reply(Buffer.concat(chunks))));
    });
    await new Promise<void>((resolve) => server.listen(TSA_PORT, "127.0.0.1", resolve));
    try {
      writeFileSync(at("ca.pem"), authority.root);
      writeFileSync(at("stranger.pem"), stranger.root);
      const url = `http://127.0.0.1:${TSA_PORT}`;
      const made = await tripline(
        "export",
        "--timestamp",
        url,
        "--timestamp-ca",
        at("ca.pem"),
        "--out",
        at("stamped.tar"),
      );
      expect(made.code).toBe(0);
      const good = await tripline("verify", "bundle", at("stamped.tar"), "--timestamp-ca", at("ca.pem"));
      expect(good).toMatchObject({ code: 0, err: expect.stringContaining("checkpoint existed at") });
      const unlooked = await tripline("verify", "bundle", at("stamped.tar"));
      expect(unlooked).toMatchObject({ code: 0, err: expect.stringContaining("was not checked") });
      const other = await tripline(
        "verify",
        "bundle",
        at("stamped.tar"),
        "--timestamp-ca",
        at("stranger.pem"),
      );
      expect(other).toMatchObject({ code: 1, out: expect.stringContaining("BUNDLE_DAMAGED") });
      await tripline("export", "--out", at("unstamped.tar"));
      expect(
        (await tripline("verify", "bundle", at("unstamped.tar"), "--timestamp-ca", at("ca.pem"))).code,
      ).toBe(1);
      expect((await tripline("export", "--timestamp", url, "--out", at("x.tar"))).code).toBe(2);
    } finally {
      server.close();
      authority.remove();
      stranger.remove();
    }
  });
});
