import { ROOT_PATH, tilePath } from "@tripline/ledger";
import { beforeEach, describe, expect, it } from "vitest";
import { type AuditOptions, audit } from "./audit.ts";
import { uuidBytes } from "./bytes.ts";
import type { Finding } from "./finding.ts";
import type { RecordSource } from "./sources.ts";
import type { Summary } from "./summary.ts";
import {
  edited,
  erasureRecord,
  removalRecord,
  tampered,
  testId,
  timeAt,
  utf8,
  World,
  worldRecord,
} from "./testing/world.ts";

const RECORDS = 600; // two full tiles and a part of a third
const HOUR = 3600_000;

let world: World;
beforeEach(async () => {
  world = new World();
  await world.append(Array.from({ length: RECORDS }, (_, n) => worldRecord(n)));
  await world.seal(1_000);
});

async function run(more: Partial<AuditOptions> = {}): Promise<{ findings: Finding[]; summary: Summary }> {
  const findings: Finding[] = [];
  const options = { ledger: world, source: world.source, policy: world.policy, selection: {}, ...more };
  for await (const event of audit(options)) {
    if (event.type === "finding") findings.push(event.finding);
    if (event.type === "summary") return { findings, summary: event.summary };
  }
  throw new Error("there was no summary");
}

const brief = (findings: readonly Finding[]) => findings.map(({ kind, index, id }) => ({ kind, index, id }));
const of = { generation: "memory-1", partition: 0 };

describe("a store that nobody touched", () => {
  it("is verified, to the last position", async () => {
    const { findings, summary } = await run();
    expect(findings).toEqual([]);
    expect(summary).toMatchObject({
      state: "verified",
      counts: { leaves: RECORDS, valid: RECORDS, selected: RECORDS, failed: 0, unanchored: 0 },
      policy: { quorum: "w1", keys: "policy" },
      anchored: { cosignatures: [{ witness: "w1" }] },
      found: { logs: [{ path: world.path(), from: 0, to: RECORDS }] },
    });
  });

  it("is verified by the ledger's own keys too, which is said", async () => {
    const { summary } = await run({ policy: null });
    expect(summary).toMatchObject({ state: "verified", policy: { quorum: "none", keys: "ledger" } });
  });

  it("has records sent twice, dead letters and lost positions", async () => {
    await world.append(["no record", null]);
    const again = worldRecord(7, { received: timeAt(50_000) });
    const log = await world.log(world.path());
    await world.append([again]);
    world.source = await tampered(world.source, of, {
      rows: (row) => (row.index === RECORDS + 2 ? null : row),
      payloads: (payload) => (payload.index === RECORDS + 2 ? null : payload),
    });
    await world.seal(2_000);
    const { findings, summary } = await run();
    expect(findings).toEqual([]);
    expect(log.size).toBe(RECORDS + 3);
    expect(summary.counts).toMatchObject({ valid: RECORDS, repeated: 1, unreadable: 1, lost: 1 });
  });

  it("is verified over several partitions", async () => {
    world = new World({ partitions: 3 });
    for (let partition = 0; partition < 3; partition++)
      await world.append(
        Array.from({ length: 300 }, (_, n) => worldRecord(partition * 1000 + n)),
        partition,
      );
    await world.seal(1_000);
    const { findings, summary } = await run();
    expect(findings).toEqual([]);
    expect(summary.counts.valid).toBe(900);
  });
});

describe("a row", () => {
  const source = (change: Parameters<typeof tampered>[2]): Promise<RecordSource> =>
    tampered(world.source, of, change);

  it("that was changed is MODIFIED", async () => {
    const { findings, summary } = await run({
      source: await source({
        rows: (row) =>
          row.index === 300 ? { ...row, envelope: edited(row.envelope, "read_file", "send_mail") } : row,
      }),
    });
    expect(findings).toMatchObject([
      { kind: "MODIFIED", index: 300, id: testId(300), time: timeAt(300), tenant: "acme" },
    ]);
    expect(summary).toMatchObject({ state: "failed", counts: { valid: RECORDS - 1, failed: 1 } });
  });

  it("whose payload was changed is MODIFIED", async () => {
    const { findings } = await run({
      source: await source({
        payloads: (payload) =>
          payload.index === 5
            ? { ...payload, bytes: edited(payload.bytes ?? utf8(""), "content", "nothing") }
            : payload,
      }),
    });
    expect(findings).toMatchObject([
      { kind: "MODIFIED", index: 5, what: expect.stringContaining("payload") },
    ]);
  });

  it("whose payload is filed under another record is MODIFIED", async () => {
    const { findings } = await run({
      source: await source({
        payloads: (payload) =>
          payload.index === 5 ? { ...payload, recordId: uuidBytes(testId(6)) } : payload,
      }),
    });
    expect(brief(findings)).toEqual([{ kind: "MODIFIED", index: 5, id: testId(5) }]);
  });

  it("that was deleted is MISSING, with its id and time", async () => {
    const { findings } = await run({
      source: await source({ rows: (row) => (row.index === 0 || row.index === 599 ? null : row) }),
    });
    expect(findings.filter(({ kind }) => kind === "MISSING")).toMatchObject([
      { index: 0, id: testId(0), time: timeAt(0) },
      { index: 599, id: testId(599), time: timeAt(599) },
    ]);
  });

  it("that was put in beside another is INSERTED", async () => {
    const { findings } = await run({
      source: await source({
        rows: (row) =>
          row.index === 9 ? [row, { ...row, id: uuidBytes(testId(9_999)), envelope: utf8("{}") }] : row,
      }),
    });
    expect(findings).toMatchObject([{ kind: "INSERTED", index: 9, id: testId(9_999) }]);
  });

  it("that stands twice at its position is INSERTED", async () => {
    const { findings } = await run({
      source: await source({ rows: (row) => (row.index === 9 ? [row, row] : row) }),
    });
    expect(findings).toMatchObject([{ kind: "INSERTED", index: 9 }]);
  });

  it("that took another's place is INSERTED, and the other MISSING", async () => {
    const forged = worldRecord(70_000);
    const { findings } = await run({
      source: await source({
        rows: (row) =>
          row.index === 9 ? { index: 9, id: uuidBytes(forged.id), envelope: utf8(forged.envelope) } : row,
        payloads: (payload) => (payload.index === 9 ? null : payload),
      }),
    });
    expect(brief(findings)).toEqual([
      { kind: "INSERTED", index: 9, id: forged.id },
      { kind: "MISSING", index: 9, id: testId(9) },
    ]);
  });

  it("that changed places with another is REORDERED, as the other is", async () => {
    const swap = (index: number) => (index === 10 ? 500 : index === 500 ? 10 : index);
    const { findings } = await run({
      source: await source({
        rows: (row) => ({ ...row, index: swap(row.index) }),
        payloads: (payload) => ({ ...payload, index: swap(payload.index) }),
      }),
    });
    expect(brief(findings)).toEqual([
      { kind: "REORDERED", index: 10, id: testId(500) },
      { kind: "REORDERED", index: 500, id: testId(10) },
    ]);
  });

  it("at a position that held no record, or was lost, is INSERTED or UNSEALED", async () => {
    await world.append(["no record", null]);
    const [a, b] = [worldRecord(80_000), worldRecord(80_001)];
    world.store(a, RECORDS);
    world.store(b, RECORDS + 1);
    await world.seal(2_000);
    const { findings, summary } = await run();
    expect(brief(findings)).toEqual(
      expect.arrayContaining([
        { kind: "INSERTED", index: RECORDS, id: a.id },
        { kind: "UNSEALED", index: RECORDS + 1, id: b.id },
      ]),
    );
    expect(summary.state).toBe("failed");
  });

  it("of a partition that has no log is UNSEALED, unless that is allowed", async () => {
    world.source.add(
      { generation: "invented", partition: 0 },
      {
        row: { index: 0, id: uuidBytes(testId(1)), envelope: utf8("{}") },
      },
    );
    expect((await run()).findings).toMatchObject([{ kind: "UNSEALED", log: "events/invented/0" }]);
    expect((await run({ allowUnsealed: true })).summary.state).toBe("verified");
  });

  it("whose id was changed is found", async () => {
    const { findings } = await run({
      source: await source({
        rows: (row) => (row.index === 3 ? { ...row, id: uuidBytes(testId(60_000)) } : row),
      }),
    });
    expect(brief(findings)).toEqual([
      { kind: "INSERTED", index: 3, id: testId(60_000) },
      { kind: "MISSING", index: 3, id: testId(3) },
    ]);
  });

  it("any whole month's, gone at once, are all named", async () => {
    const { summary } = await run({ source: await source({ rows: () => null, payloads: () => null }) });
    expect(summary).toMatchObject({ state: "failed", findings: { MISSING: RECORDS }, counts: { valid: 0 } });
  });
});

describe("a payload that is gone", () => {
  const without = (indexes: readonly number[]) =>
    tampered(world.source, of, { payloads: (payload) => (indexes.includes(payload.index) ? null : payload) });

  it("is PAYLOAD_MISSING", async () => {
    const { findings, summary } = await run({ source: await without([4]) });
    expect(findings).toMatchObject([{ kind: "PAYLOAD_MISSING", index: 4, id: testId(4), time: timeAt(4) }]);
    expect(summary.state).toBe("failed");
  });

  it("is ERASED where a sealed record covers it, and only there", async () => {
    await world.append([
      erasureRecord(5_000, { covers: { kind: "session", session: "s-1", before: timeAt(4_000) } }),
    ]);
    await world.seal(6_000);
    const { findings, summary } = await run({ source: await without([1, 6, 7]) });
    expect(findings.filter(({ kind }) => kind === "PAYLOAD_MISSING")).toMatchObject([{ index: 7 }]);
    expect(summary.findings).toEqual({ PAYLOAD_MISSING: 1, ERASED: 2 });
    const fine = await run({ source: await without([1, 6]) });
    expect(fine.summary).toMatchObject({ state: "verified", counts: { erased: 2, valid: RECORDS - 1 } });
  });

  it("is not ERASED by a record that is stored and not sealed", async () => {
    const forged = erasureRecord(5_000, {
      covers: { kind: "session", session: "s-1", before: timeAt(4_000) },
    });
    const source = await without([1]);
    source.add(of, { row: { index: RECORDS, id: uuidBytes(forged.id), envelope: utf8(forged.envelope) } });
    const { findings } = await run({ source });
    expect(findings).toMatchObject([{ kind: "PAYLOAD_MISSING", index: 1 }, { kind: "UNANCHORED" }]);
  });

  it("neighbours that one record covers are one finding, or each its own", async () => {
    await world.append([erasureRecord(5_000, { covers: { kind: "age", before: timeAt(100) } })]);
    const source = await tampered(world.source, of, {
      payloads: ({ index, ...rest }) => (index < 90 ? null : { index, ...rest }),
    });
    await world.seal(6_000);
    expect((await run({ source })).findings).toMatchObject([{ kind: "ERASED", index: 0, to: 90 }]);
    expect((await run({ source, each: true })).findings).toHaveLength(90);
  });
});

describe("an envelope that is gone", () => {
  const DAY = 24 * HOUR;
  /** Without the rows and payloads of these positions. */
  const without = (isGone: (index: number) => boolean) =>
    tampered(world.source, of, {
      rows: (row) => (isGone(row.index) ? null : row),
      payloads: (payload) => (isGone(payload.index) ? null : payload),
    });
  const isOf = (index: number) => index < 100 && index !== 10 && index !== 11;
  const removal = { from: 0, to: 100, kept: [[10, 12]], before: timeAt(DAY) };

  it("is EXPIRED where a sealed record names its position, and MISSING where none does, or where it says that it stays", async () => {
    await world.append([removalRecord(30 * DAY, removal)]);
    await world.seal(30 * DAY + 1_000);
    const { findings, summary } = await run({ source: await without(isOf) });
    expect(findings).toMatchObject([
      { kind: "EXPIRED", index: 0, to: 10, id: testId(0) },
      { kind: "EXPIRED", index: 12, to: 100, what: expect.stringContaining(testId(30 * DAY)) },
    ]);
    expect(summary).toMatchObject({
      state: "verified",
      counts: { expired: 98, valid: RECORDS - 97, failed: 0 },
    });
    const more = await run({
      source: await without((index) => isOf(index) || index === 10 || index === 100),
    });
    expect(brief(more.findings.filter(({ kind }) => kind === "MISSING"))).toEqual([
      { kind: "MISSING", index: 10, id: testId(10) },
      { kind: "MISSING", index: 100, id: testId(100) },
    ]);
    expect(more.summary.state).toBe("failed");
    expect((await run({ source: await without(isOf), each: true })).findings).toHaveLength(98);
  });

  it.each([
    ["is stored and not sealed", removalRecord(30 * DAY, removal), false],
    ["reaches beyond its own time", removalRecord(DAY / 2, removal), true],
    ["is not of Tripline's own", removalRecord(30 * DAY, removal, "gw-1"), true],
    ["is of another partition", removalRecord(30 * DAY, { ...removal, partition: 1 }), true],
    ["is about older ones", removalRecord(30 * DAY, { ...removal, before: timeAt(-8 * DAY) }), true],
  ])("is MISSING under a record that %s", async (_why, record, isSealed) => {
    if (isSealed) await world.append([record]);
    else world.store(record, RECORDS + 5);
    await world.seal(30 * DAY + 1_000);
    const { summary } = await run({ source: await without((index) => index === 3) });
    expect(summary).toMatchObject({ state: "failed", findings: { MISSING: 1 } });
  });

  it("may have come again since, which has no row either; what is younger may not be gone", async () => {
    await world.append([removalRecord(30 * DAY, removal), worldRecord(5), worldRecord(2 * DAY)]);
    await world.seal(30 * DAY + 1_000);
    const again = RECORDS + 1;
    const { summary } = await run({ source: await without((index) => isOf(index) || index === again) });
    expect(summary).toMatchObject({ state: "verified", counts: { expired: 98, repeated: 1 } });
    const young = await run({ source: await without((index) => isOf(index) || index === again + 1) });
    expect(young.summary).toMatchObject({ state: "failed", findings: { MISSING: 1 } });
  });
});

describe("a range", () => {
  beforeEach(async () => {
    for (let second = 2; second <= 5; second++) {
      await world.append(Array.from({ length: 100 }, (_, n) => worldRecord(second * 1_000 + n)));
      await world.seal(second * 1_000 + 500);
    }
  });

  it("of time is bracketed by the root log, and that is what is looked at", async () => {
    const { summary } = await run({ selection: { from: timeAt(3_000), to: timeAt(4_500) } });
    expect(summary.found).toEqual({
      from: timeAt(2_500),
      to: timeAt(4_500),
      logs: [{ path: world.path(), from: 700, to: 900 }],
    });
    expect(summary.counts).toMatchObject({ leaves: 200, valid: 200 });
  });

  it("finds what says that it is of this time and was put in elsewhere, and lets late records be", async () => {
    const [late, forged] = [{ ...of, index: 5 }, worldRecord(3_100)];
    const { rows } = await world.source.read(of, 5, 6);
    const source = Object.assign(world.source, {
      strays: async ({ skip }: { skip: number }) =>
        skip > 0
          ? []
          : [
              ...rows.map((row) => ({ ...late, ...row })),
              { ...late, index: 6, id: uuidBytes(forged.id), envelope: utf8(forged.envelope) },
              { ...late, generation: "invented", id: uuidBytes(forged.id), envelope: utf8(forged.envelope) },
            ],
    });
    const { findings } = await run({ source, selection: { from: timeAt(3_000), to: timeAt(4_500) } });
    expect(brief(findings)).toEqual([
      { kind: "INSERTED", index: 6, id: forged.id },
      { kind: "UNSEALED", index: 5, id: forged.id },
    ]);
  });

  it("that nothing was sealed in has nothing", async () => {
    const { summary } = await run({ selection: { from: timeAt(HOUR) } });
    expect(summary).toMatchObject({ state: "nothing", counts: { leaves: 0 } });
  });

  it("of a person, a session, counts theirs; what nobody can tell whose it was is still said", async () => {
    const where = { principal: `sub_${"1".repeat(32)}`, session: "s-1" };
    const theirs = [...world.source.rows()].filter(({ envelope }) => {
      const { actor, session } = JSON.parse(new TextDecoder().decode(envelope));
      return actor.principal === where.principal && session.id === where.session;
    });
    const { summary } = await run({ selection: { where } });
    expect(summary.counts.selected).toBe(theirs.length);
    expect(theirs.length).toBeGreaterThan(10);
    const source = await tampered(world.source, of, {
      rows: (row) => (row.index === 2 ? null : row),
      payloads: (payload) => (payload.index === 3 || payload.index === 1 ? null : payload),
    });
    const gone = await run({ source, selection: { where } });
    expect(gone.findings.map(({ kind, index }) => [kind, index])).toEqual([
      ["PAYLOAD_MISSING", 1], // of theirs; 3 is another's
      ["INSERTED", 2], // its payload, without a record
      ["MISSING", 2],
    ]);
  });
});

describe("a checkpoint", () => {
  it("that is not cosigned leaves what is newer UNANCHORED, which is no failure", async () => {
    await world.append([worldRecord(700)]);
    await world.seal(2_000, { witnessed: false });
    const { findings, summary } = await run();
    expect(findings).toMatchObject([{ kind: "UNANCHORED", index: RECORDS, id: testId(700) }]);
    expect(summary).toMatchObject({ state: "verified", counts: { unanchored: 1, valid: RECORDS + 1 } });
  });

  it("that has been the last one for too long is STALE", async () => {
    await world.append([worldRecord(700)]);
    await world.seal(2_000, { witnessed: false });
    const staleness = { now: Date.parse(timeAt(25 * HOUR)), allowedMs: 24 * HOUR };
    expect((await run({ staleness })).findings).toMatchObject([{ kind: "STALE" }, { kind: "UNANCHORED" }]);
    expect((await run({ staleness: { ...staleness, now: Date.parse(timeAt(HOUR)) } })).summary.state).toBe(
      "verified",
    );
  });

  it("that leaves stored rows without a leaf makes them UNANCHORED", async () => {
    world.store(worldRecord(700), RECORDS);
    const { findings, summary } = await run();
    expect(findings).toMatchObject([{ kind: "UNANCHORED", index: RECORDS }]);
    expect(summary.counts.not_sealed_yet).toBe(1);
  });

  it("with one byte changed is refused", async () => {
    const root = world.of(ROOT_PATH);
    const note = root.files.get("checkpoint") ?? new Uint8Array();
    for (const at of [3, 60, note.length - 10]) {
      root.files.set(
        "checkpoint",
        note.map((byte, i) => (i === at ? byte ^ 1 : byte)),
      );
      const { findings, summary } = await run();
      expect(findings[0]?.kind).toBe("CHECKPOINT_INVALID");
      expect(summary.state).toBe("failed");
    }
  });

  it("by another key than the policy's is refused", async () => {
    const other = new World();
    await other.append([worldRecord(1)]);
    await other.seal(1_000);
    expect((await run({ policy: other.policy })).findings[0]).toMatchObject({ kind: "CHECKPOINT_INVALID" });
  });

  it("rolled back below the witnessed one is ROLLED_BACK", async () => {
    const before = world.of(ROOT_PATH).files.get("checkpoint") ?? new Uint8Array();
    await world.append([worldRecord(700)]);
    await world.seal(2_000);
    world.of(ROOT_PATH).files.set("checkpoint", before);
    const { findings } = await run();
    expect(findings).toMatchObject([{ kind: "ROLLED_BACK", log: ROOT_PATH }]);
  });

  it("rolled back with all beside it is ROLLED_BACK to who kept a later one", async () => {
    const before = world.snapshot();
    await world.append([worldRecord(700)]);
    await world.seal(2_000);
    const kept = world.of(ROOT_PATH).files.get("witnessed") ?? new Uint8Array();
    for (const [path, files] of before) {
      world.of(path).files.clear();
      for (const [name, bytes] of files) world.of(path).files.set(name, bytes);
    }
    const { findings } = await run({ kept: [{ name: "kept.note", note: kept }] });
    expect(findings).toMatchObject([{ kind: "ROLLED_BACK" }, { kind: "UNANCHORED" }]);
  });

  it("of a partition rolled back is ROLLED_BACK", async () => {
    const before = world.of(world.path()).files.get("checkpoint") ?? new Uint8Array();
    await world.append(Array.from({ length: 300 }, (_, n) => worldRecord(1_000 + n)));
    await world.seal(2_000);
    world.of(world.path()).files.set("checkpoint", before);
    expect((await run()).findings).toMatchObject([{ kind: "ROLLED_BACK", log: world.path() }]);
  });
});

describe("a history that was written anew", () => {
  /** The administrator's own way: the same keys, another record 17, and all that follows made again. */
  async function rewritten(): Promise<World> {
    const other = new World();
    Object.defineProperty(other, "key", { value: world.key });
    Object.defineProperty(other, "witness", { value: world.witness });
    await other.append(
      Array.from({ length: RECORDS }, (_, n) => worldRecord(n, n === 17 ? { team: "nobody" } : {})),
    );
    await other.seal(1_000);
    return other;
  }

  it("and shown to another auditor is FORKED to who kept a checkpoint of the first", async () => {
    const kept = world.of(ROOT_PATH).files.get("checkpoint") ?? new Uint8Array();
    world = await rewritten();
    expect((await run()).summary.state).toBe("verified"); // by itself it is a history like any other
    expect((await run({ kept: [{ name: "kept.note", note: kept }] })).findings).toMatchObject([
      { kind: "FORKED" },
    ]);
  });

  it("in a partition, under a root log that goes on, is FORKED", async () => {
    const other = await rewritten();
    await world.append([worldRecord(700)]);
    await other.append([worldRecord(700)]);
    const path = world.path();
    // The partition's files are the new history's, and the root log takes their checkpoint from now on.
    const next = await other.log(path);
    world.of(path).files.clear();
    for (const [name, bytes] of other.of(path).files) world.of(path).files.set(name, bytes);
    const own = await world.log(path);
    Object.defineProperty(own, "published", { value: next.published });
    await world.seal(2_000);
    const { findings } = await run({ source: other.source });
    expect(findings).toMatchObject([
      { kind: "FORKED", log: path, what: expect.stringContaining("rewritten") },
    ]);
  });
});

describe("tiles", () => {
  const damaged = async (path: string, change: (bytes: Uint8Array) => Uint8Array | null) => {
    const { files } = world.of(world.path());
    const bytes = files.get(path);
    if (bytes === undefined) throw new Error(`there is no ${path}`);
    const after = change(bytes);
    if (after === null) files.delete(path);
    else files.set(path, after);
    return run();
  };
  const flipped = (bytes: Uint8Array) => bytes.map((byte, at) => (at === 70 ? byte ^ 4 : byte));
  const edge = tilePath({ level: 0, index: 2, width: RECORDS % 256 });

  it.each([
    ["a tile", "tile/0/000"],
    ["a bundle", "tile/entries/001"],
    ["the edge", edge],
  ])("with one byte of %s changed are TILES_MODIFIED", async (_what, path) => {
    const { findings, summary } = await damaged(path, flipped);
    expect(findings.map(({ kind }) => kind)).toContain("TILES_MODIFIED");
    expect(summary.state).toBe("failed");
    expect(summary.counts.unverifiable).toBeGreaterThan(0);
  });

  it.each(["tile/0/001", "tile/entries/000"])("without %s are TILES_MISSING", async (path) => {
    const { findings } = await damaged(path, () => null);
    expect(findings).toMatchObject([{ kind: "TILES_MISSING", files: [path] }]);
  });

  it("of the root log too", async () => {
    for (let n = 2; n < 300; n++) await world.seal(n * 1_000, { witnessed: n % 50 === 0 });
    const { files } = world.of(ROOT_PATH);
    files.set("tile/0/000", flipped(files.get("tile/0/000") ?? new Uint8Array()));
    expect((await run()).findings[0]).toMatchObject({ kind: "TILES_MODIFIED", log: ROOT_PATH });
  });

  it("alone are verified without a store", async () => {
    await world.append(["no record", null]);
    await world.seal(2_000);
    const { findings, summary } = await run({ source: null });
    expect(findings).toEqual([]);
    expect(summary).toMatchObject({
      state: "verified",
      counts: { leaves: RECORDS + 2, valid: RECORDS, unreadable: 1, lost: 1 },
    });
  });

  it("that are not there at all are said to be", async () => {
    const { findings, summary } = await run({ ledger: new World() });
    expect(findings).toMatchObject([{ kind: "TILES_MISSING", files: ["checkpoint"] }]);
    expect(summary.state).toBe("failed");
  });
});

describe("a dead letter", () => {
  beforeEach(async () => {
    await world.append(["no record"]);
    await world.seal(2_000);
  });

  it("whose bytes were changed is MODIFIED", async () => {
    const source = await tampered(world.source, of, {
      letters: (letter) => ({ ...letter, bytes: utf8("another") }),
    });
    expect((await run({ source })).findings).toMatchObject([{ kind: "MODIFIED", index: RECORDS }]);
  });

  it("that is gone is MISSING, when it had the time to arrive", async () => {
    const source = await tampered(world.source, of, { letters: () => null });
    const staleness = (hours: number) => ({ now: Date.parse(timeAt(hours * HOUR)), allowedMs: 24 * HOUR });
    expect((await run({ source, staleness: staleness(0) })).findings).toEqual([]);
    expect((await run({ source, staleness: staleness(1) })).findings).toMatchObject([
      { kind: "MISSING", index: RECORDS },
    ]);
    expect((await run({ source, staleness: staleness(400 * 24) })).findings).toEqual([]); // expired
  });
});
