import { ROOT_PATH } from "@tripline/ledger";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { audit } from "../audit.ts";
import { type Finding, isFailure } from "../finding.ts";
import { sha256Hex } from "../hash.ts";
import { RecordList } from "../record-list.ts";
import type { Selection } from "../selection.ts";
import type { Summary } from "../summary.ts";
import { erasureRecord, tampered, testId, timeAt, utf8, World, worldRecord } from "../testing/world.ts";
import { listedOf, makeBundle } from "./make-bundle.ts";
import { MANIFEST_PATH, type Manifest } from "./manifest.ts";
import { bundleLine, takeLines } from "./record-lines.ts";
import { readTar, tarEnd, tarHeader, tarPadding } from "./tar.ts";
import { verifyBundle } from "./verify-bundle.ts";

const of = { generation: "memory-1", partition: 0 };
const PAGE = utf8("<!doctype html>");

type Files = Map<string, Uint8Array>;

async function made(world: World, selection: Selection = {}, id?: string): Promise<Files> {
  const files: Files = new Map();
  const options = {
    ledger: world,
    source: world.source,
    policy: world.policy,
    selection,
    made: timeAt(0),
    page: PAGE,
  };
  for await (const part of makeBundle({ ...options, ...(id === undefined ? {} : { id }) })) {
    if (part.type === "file") files.set(part.path, part.bytes);
    if (part.type === "done") {
      const listed = [...files].map(([path, bytes]) => ({
        path,
        bytes: bytes.length,
        sha256: sha256Hex(bytes),
      }));
      files.set(MANIFEST_PATH, utf8(JSON.stringify({ ...part.manifest, files: listed })));
    }
  }
  return files;
}

async function verified(
  files: Files,
  world: World | null,
): Promise<{ findings: Finding[]; summary: Summary }> {
  const findings: Finding[] = [];
  const bundle = {
    read: async (path: string) => files.get(path) ?? null,
    list: async () => [...files.keys()],
  };
  for await (const event of verifyBundle(bundle, world?.policy ?? null)) {
    if (event.type === "finding") findings.push(event.finding);
    if (event.type === "summary") return { findings, summary: event.summary };
  }
  throw new Error("there was no summary");
}

/** With the manifest as somebody would write it who changed the files. */
function resigned(files: Files, change: (manifest: Manifest) => Manifest = (manifest) => manifest): Files {
  const manifest: Manifest = JSON.parse(new TextDecoder().decode(files.get(MANIFEST_PATH)));
  const others = [...files].filter(([path]) => path !== MANIFEST_PATH);
  const listed = others.map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: sha256Hex(bytes) }));
  return new Map([...others, [MANIFEST_PATH, utf8(JSON.stringify(change({ ...manifest, files: listed })))]]);
}

function withRecords(files: Files, change: (text: string) => string): Files {
  return new Map(
    [...files].map(([path, bytes]) => [
      path,
      path.startsWith("records/") ? utf8(change(new TextDecoder().decode(bytes))) : bytes,
    ]),
  );
}

let world: World;
let whole: Files;
let theirs: Files;
beforeAll(async () => {
  world = new World({ partitions: 2 });
  for (let second = 1; second <= 4; second++) {
    for (const partition of [0, 1])
      await world.append(
        Array.from({ length: 150 }, (_, n) => worldRecord(second * 1_000 + partition * 500 + n)),
        partition,
      );
    await world.seal(second * 1_000 + 900);
  }
  await world.append(["no record", null, worldRecord(2_007, { received: timeAt(9_000) })]);
  await world.append([erasureRecord(5_000, { covers: { kind: "records", ids: [testId(2_009)] } })]);
  world.source = await tampered2();
  await world.seal(6_000);
  whole = await made(world);
  theirs = await made(world, { where: { session: "s-1", principal: `sub_${"1".repeat(32)}` } });
});

/** The record that was sent twice has one row, and one payload was erased. */
async function tampered2() {
  const size = (await world.log(world.path())).size;
  const first = await tampered(world.source, of, {
    rows: (row) => (row.index === size - 2 ? null : row),
    payloads: ({ index, ...rest }) => (index === size - 2 || index === 159 ? null : { index, ...rest }),
  });
  const other = await world.source.read({ ...of, partition: 1 }, 0, 10_000);
  for (const row of other.rows) first.add({ ...of, partition: 1 }, { row });
  for (const payload of other.payloads) first.add({ ...of, partition: 1 }, { payload });
  return first;
}

describe("a bundle of everything", () => {
  it("is verified with the policy and nothing else", async () => {
    const { findings, summary } = await verified(whole, world);
    expect(findings.filter(isFailure)).toEqual([]);
    expect(findings).toMatchObject([{ kind: "ERASED", id: testId(2_009) }]);
    expect(summary).toMatchObject({
      state: "verified",
      counts: { leaves: 1_204, valid: 1_200, erased: 1, repeated: 1, unreadable: 1, lost: 1 },
      anchored: { cosignatures: [{ witness: "w1" }] },
    });
  });

  it("says in words what it proves and what it does not", () => {
    const words = new TextDecoder().decode(whole.get("README.txt"));
    expect(words).toContain("Nothing is missing between the two ends");
    expect(words).toContain("WHAT IT DOES NOT PROVE");
    expect([...whole.keys()]).toEqual(
      expect.arrayContaining([
        "checkpoints/start.txt",
        "checkpoints/end.note",
        "checkpoints/consistency.txt",
        "verifier.html",
      ]),
    );
  });

  it("is refused by a policy of other witnesses", async () => {
    const other = new World();
    expect((await verified(whole, other)).findings[0]).toMatchObject({ kind: "CHECKPOINT_INVALID" });
  });

  it.each([
    ["changed", (text: string) => text.replace("read_file", "send_mail"), "MODIFIED"],
    ["with another payload", (text: string) => text.replace("content 1003", "content 9999"), "MODIFIED"],
    ["taken out", (text: string) => text.split("\n").slice(1).join("\n"), "MISSING"],
    [
      "put in",
      (text: string) => `${text.split("\n")[0]?.replace(testId(1_000), testId(77))}\n${text}`,
      "INSERTED",
    ],
    ["without its payload", (text: string) => text.replace(/^.*"payload_of".*\n/m, ""), "PAYLOAD_MISSING"],
    [
      "moved",
      (text: string) =>
        text
          .replaceAll('"index":0,', '"index":X,')
          .replaceAll('"index":1,', '"index":0,')
          .replaceAll('"index":X,', '"index":1,'),
      "REORDERED",
    ],
  ])("with a record %s is refused, also under a manifest that fits", async (_what, change, kind) => {
    const files = withRecords(whole, change);
    const plain = await verified(files, world);
    expect(plain.findings.map((finding) => finding.kind)).toContain("BUNDLE_DAMAGED");
    const fitted = await verified(resigned(files), world);
    expect(fitted.findings.map((finding) => finding.kind)).toContain(kind);
    expect(fitted.findings.map((finding) => finding.kind)).not.toContain("BUNDLE_DAMAGED");
    expect(fitted.summary.state).toBe("failed");
  });

  it("can't be cut to a shorter range by its manifest", async () => {
    const later = resigned(
      withRecords(whole, (text) =>
        text
          .split("\n")
          .filter((line) => !line.includes('"index":0,'))
          .join("\n"),
      ),
      (manifest) => ({
        ...manifest,
        hints: { before: manifest.hints.last, last: manifest.hints.last },
      }),
    );
    expect((await verified(later, world)).summary.findings.MISSING).toBeGreaterThan(0);
  });

  it("with a file too few or too many is refused", async () => {
    const fewer = new Map(whole);
    fewer.delete("checkpoints/end.note");
    expect((await verified(fewer, world)).findings[0]).toMatchObject({
      kind: "BUNDLE_DAMAGED",
      files: ["checkpoints/end.note"],
    });
    const more = new Map(whole).set("records/more.ndjson", utf8(""));
    expect((await verified(more, world)).findings[0]).toMatchObject({
      kind: "BUNDLE_DAMAGED",
      files: ["records/more.ndjson"],
    });
  });

  it("whose tiles or checkpoints were changed is refused, also under a manifest that fits", async () => {
    for (const path of whole.keys()) {
      if (!path.startsWith("ledger/") || path === "ledger/logs.json") continue;
      const bytes = whole.get(path) ?? new Uint8Array();
      const at = Math.floor(bytes.length / 2);
      const files = resigned(
        new Map(whole).set(
          path,
          bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)),
        ),
      );
      const { summary } = await verified(files, world);
      // A partition's own checkpoint proves nothing: the root log's word on it does.
      if (!/events\/.*\/checkpoint$/.test(path)) expect(summary.state, path).toBe("failed");
    }
  });
});

describe("a bundle of a range", () => {
  it("has that range, and is whole in it", async () => {
    const files = await made(world, { from: timeAt(2_000), to: timeAt(3_500) });
    const { findings, summary } = await verified(files, world);
    expect(findings.filter(isFailure)).toEqual([]);
    expect(summary.found).toMatchObject({
      from: timeAt(1_900),
      to: timeAt(3_900),
      logs: [
        { path: world.path(0), from: 150, to: 450 },
        { path: world.path(1), from: 150, to: 450 },
      ],
    });
    const missing = await verified(
      resigned(withRecords(files, (text) => text.split("\n").slice(2).join("\n"))),
      world,
    );
    expect(missing.summary.findings.MISSING).toBeGreaterThan(0);
  });
});

describe("a bundle of some records", () => {
  it("is verified record by record, and says that it is a selection", async () => {
    const { findings, summary } = await verified(theirs, world);
    expect(findings.filter(isFailure)).toEqual([]);
    expect(summary.state).toBe("verified");
    expect(summary.counts.valid).toBe(summary.counts.leaves);
    expect(summary.counts.valid).toBeGreaterThan(50);
    expect(new TextDecoder().decode(theirs.get("README.txt"))).toContain("this is a selection");
    const text = [...theirs]
      .filter(([path]) => path.startsWith("records/"))
      .map(([, bytes]) => new TextDecoder().decode(bytes))
      .join("");
    expect(text).not.toContain("s-2");
  });

  it.each([
    ["changed", (text: string) => text.replace("read_file", "send_mail"), "MODIFIED"],
    ["of no leaf", (text: string) => text.replace(/"root_leaf":\d+/, '"root_leaf":999'), "UNSEALED"],
    [
      "of a leaf before it",
      (text: string) => text.replaceAll(/"root_leaf":\d+/g, '"root_leaf":0'),
      "UNSEALED",
    ],
    ["that never was", (text: string) => text.replace(/"id":"[^"]+"/, `"id":"${testId(99)}"`), "INSERTED"],
  ])("with a record %s is refused", async (_what, change, kind) => {
    const { findings } = await verified(resigned(withRecords(theirs, change)), world);
    expect(findings.map((finding) => finding.kind)).toContain(kind);
  });

  it("can be of one event", async () => {
    const files = await made(world, {}, testId(3_042));
    const { summary } = await verified(files, world);
    expect(summary).toMatchObject({ state: "verified", counts: { leaves: 1, valid: 1, unanchored: 0 } });
    expect((await verified(await made(world, {}, testId(123_456)), world)).summary.state).toBe("nothing");
  });

  it("of an event whose row is gone says that it is MISSING, and there is no bundle of it", async () => {
    const source = await tampered(world.source, of, { rows: (row) => (row.index === 3 ? null : row) });
    const listed = await listedOf(testId(1_003), { ledger: world, source, policy: world.policy });
    expect(listed).toEqual([{ ...of, index: 3, leaf: 0 }]);
    const kinds: string[] = [];
    for await (const event of audit({ ledger: world, source, policy: world.policy, selection: {}, listed }))
      if (event.type === "finding") kinds.push(event.finding.kind);
    expect(kinds).toContain("MISSING");
  });
});

describe("a bundle of a store that was tampered with", () => {
  it("shows what was done to it", async () => {
    const before = world.source;
    world.source = await tampered(before, of, { rows: (row) => (row.index === 3 ? null : row) });
    const files = await made(world);
    world.source = before;
    const { findings } = await verified(files, world);
    expect(findings.map(({ kind }) => kind)).toContain("MISSING");
  });
});

describe("any bytes", () => {
  it("in place of any file's end in a summary that says failed", async () => {
    const paths = [...theirs.keys()].filter(
      (path) => !["README.txt", "verifier.html"].includes(path) && !path.startsWith("checkpoints/"),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.uint8Array({ maxLength: 400 }), async (path, bytes) => {
        const { summary } = await verified(new Map(theirs).set(path, bytes), world);
        expect(summary.state).toBe("failed");
      }),
      { numRuns: 60 },
    );
  });

  it("changed in a record's line never verify", async () => {
    const [records = ""] = [...theirs.keys()].filter((path) => path.startsWith("records/"));
    const original = theirs.get(records) ?? new Uint8Array();
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: original.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          const bytes = original.map((byte, i) => (i === at ? byte ^ flip : byte));
          const { summary } = await verified(resigned(new Map(theirs).set(records, bytes)), world);
          if (summary.state === "verified") expect(meaning(bytes)).toEqual(meaning(original)); // such as a time beside the record
        },
      ),
      { numRuns: 80 },
    );
  });

  function meaning(bytes: Uint8Array): unknown {
    return new TextDecoder()
      .decode(bytes)
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => {
        const { log, index, id, envelope, payload_of, payload } = JSON.parse(line);
        return { log, index, id, envelope, payload_of, payload };
      });
  }

  it("as a manifest, or none at all, are no bundle", async () => {
    expect((await verified(new Map(), world)).findings).toMatchObject([
      { kind: "BUNDLE_DAMAGED", files: [MANIFEST_PATH] },
    ]);
    for (const text of ["", "{", "null", "[]", '{"format":"tripline-evidence","v":2}'])
      expect((await verified(new Map([[MANIFEST_PATH, utf8(text)]]), null)).summary.state).toBe("failed");
  });
});

it("lines are taken as the schema has them", () => {
  const id = fc.constantFrom(testId(1), "x", "");
  const index = fc.oneof(fc.nat(), fc.constantFrom(-1, 1.5, "1", null));
  const line = fc.record(
    {
      log: fc.constantFrom("events/memory-1/0", "events/g/12", "root", 3),
      index,
      id,
      envelope: fc.constantFrom("{}", null),
      role: fc.constantFrom("elsewhere", "erasure", "other"),
      root_leaf: index,
      sealed: fc.constantFrom("now", 3),
      payload_of: id,
      payload: fc.constantFrom("{}", null, 3),
      letter: fc.constantFrom("AAAA", null, 3),
      more: fc.constant(1),
    },
    { requiredKeys: ["log", "index"] },
  );
  fc.assert(
    fc.property(fc.oneof(line, fc.jsonValue()), (value) => {
      const parsed = bundleLine.safeParse(value);
      const isOfPartition = parsed.success && parsed.data.log.startsWith("events/");
      const into = { list: new RecordList(), listed: [] };
      expect(takeLines(utf8(JSON.stringify(value)), into) === null).toBe(isOfPartition);
    }),
    { numRuns: 2_000 },
  );
});

describe("an archive", () => {
  const tar = (files: Files) => {
    const parts = [...files].flatMap(([path, bytes]) => [
      tarHeader(path, bytes.length, 1_700_000_000),
      bytes,
      tarPadding(bytes.length),
    ]);
    return Uint8Array.from(Buffer.concat([...parts, tarEnd()]));
  };

  it("gives back its files, with long paths too", () => {
    const files: Files = new Map([
      ["a.txt", utf8("a")],
      [`ledger/events/${"g".repeat(60)}/12/tile/entries/x001/x234/067.p/200`, new Uint8Array(513)],
      ["empty", new Uint8Array()],
    ]);
    expect(readTar(tar(files))).toEqual(files);
    expect(readTar(tar(whole))).toEqual(whole);
  });

  it("that is cut off, changed in a header, or none, is refused", () => {
    const archive = tar(new Map([["a.txt", utf8("a".repeat(600))]]));
    for (const length of [0, 100, 512, 900, 1_536]) expect(readTar(archive.subarray(0, length))).toBeNull();
    for (let at = 0; at < 500; at += 7)
      if (archive[at] !== 0)
        expect(readTar(archive.map((byte, i) => (i === at ? byte ^ 1 : byte)))).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        const files = readTar(bytes);
        expect(files === null || files.size === 0).toBe(true);
      }),
    );
  });
});

it("the root log is what auditors keep of a bundle", () => {
  expect(whole.get("checkpoints/end.note")).toEqual(world.of(ROOT_PATH).files.get("checkpoint"));
});
