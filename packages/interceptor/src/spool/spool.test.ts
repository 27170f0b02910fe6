import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { adoptLeftovers } from "./boot-directories.ts";
import { claim, isAbandoned, release } from "./owner.ts";
import { SegmentQueue } from "./segment-queue.ts";
import { type DropReason, Spool, type SpoolBudget } from "./spool.ts";

let directory: string;
let mounted: string | null;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tripline-spool-"));
  mounted = null;
});

afterEach(() => {
  if (mounted !== null) execFileSync("umount", [mounted]);
  rmSync(directory, { recursive: true, force: true });
});

/** No write counts as slow unless a test says so: the machine may be busy. */
function make(
  more: Partial<SpoolBudget> & { segmentBytes?: number; slowWriteMs?: number; directory?: string } = {},
) {
  const results: (DropReason | null)[] = [];
  const budget = { used: 0, max: more.max ?? 1_000_000 };
  const spool = new Spool({
    directory: more.directory ?? join(directory, "boot"),
    budget,
    segmentBytes: more.segmentBytes ?? 100_000,
    slowWriteMs: more.slowWriteMs ?? Number.POSITIVE_INFINITY,
    onWarning: () => undefined,
    onGrown: () => undefined,
  });
  return { spool, budget, results, settled: (reason: DropReason | null) => void results.push(reason) };
}

/** Takes everything there is, in batches of any size. */
function takeAll(queue: SegmentQueue, bytes = 100, lines = 3): string {
  let text = "";
  for (let batch = queue.next(bytes, lines); batch !== null; batch = queue.next(bytes, lines)) {
    text += batch.body.toString("utf8");
    queue.acknowledge(batch);
  }
  return text;
}

describe("a spool", () => {
  it("gives back every line once, in order, whatever the sizes of lines, segments and batches", () => {
    const line = fc.string({ maxLength: 60 }).map((text) => `${JSON.stringify(text)}\n`);
    fc.assert(
      fc.property(
        fc.array(line),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 90 }),
        (lines, segmentBytes, batchBytes) => {
          const { spool, budget, settled } = make({
            segmentBytes,
            directory: mkdtempSync(join(directory, "p-")),
          });
          for (const text of lines) spool.appendNow(text, settled);
          expect(takeAll(spool.queue, batchBytes)).toBe(lines.join(""));
          spool.close();
          expect(takeAll(spool.queue)).toBe("");
          expect(spool.queue.empty).toBe(true);
          expect(budget.used).toBeGreaterThanOrEqual(0);
          spool.queue.close();
        },
      ),
      { numRuns: 30 },
    );
  });

  it("goes on behind what was acknowledged, in another process, and recognises a torn last line", () => {
    const { spool, settled } = make({ segmentBytes: 30 });
    for (const text of ["first line\n", "second line\n", "third line\n", "fourth line\n"])
      spool.appendNow(text, settled);
    const batch = spool.queue.next(15, 1);
    if (batch !== null) spool.queue.acknowledge(batch);
    const segments = readdirSync(join(directory, "boot")).filter((file) => file.endsWith(".ndjson"));
    appendFileSync(join(directory, "boot", segments.at(-1) ?? ""), '{"torn":');
    const left = SegmentQueue.leftBehind(join(directory, "boot"), () => undefined);
    expect(takeAll(left)).toBe("second line\nthird line\nfourth line\n");
    expect(left.tornBytes).toBe(8);
    expect(left.empty).toBe(true);
    left.close();
  });

  it("starts a segment anew when the cursor was damaged: nothing is lost, something comes twice", () => {
    const { spool, settled } = make();
    spool.appendNow("a\n", settled);
    takeAll(spool.queue);
    spool.appendNow("b\n", settled);
    writeFileSync(join(directory, "boot", "cursor"), "nonsense");
    expect(takeAll(SegmentQueue.leftBehind(join(directory, "boot"), () => undefined))).toBe("a\nb\n");
  });

  it("drops the newest when it is full, and takes more when segments are done", () => {
    const { spool, results, settled } = make({ max: 40 });
    for (let n = 0; n < 6; n += 1) spool.appendNow(`line ${n}...\n`, settled);
    expect(results).toEqual([null, null, null, null, "spool_full", "spool_full"]);
    takeAll(spool.queue);
    spool.appendNow("line 6...\n", settled);
    expect(results.at(-1)).toBeNull();
    expect(takeAll(spool.queue)).toBe("line 6...\n");
  });

  it("leaves writing to the background after a slow write, keeps the order, and comes back when it is quick", async () => {
    const { spool, results, settled } = make({ slowWriteMs: 5 });
    let clock = 0;
    const slowly = vi.spyOn(performance, "now").mockImplementation(() => {
      clock += 10;
      return clock;
    });
    expect(spool.appendNow("slow\n", settled)).toBe(true);
    slowly.mockRestore();
    expect(spool.appendNow("late 1\n", settled)).toBe(false);
    spool.append("late 2\n", settled);
    await waitFor(() => results.length === 3);
    expect(spool.appendNow("quick\n", settled)).toBe(true);
    expect(results).toEqual([null, null, null, null]);
    expect(takeAll(spool.queue)).toBe("slow\nlate 1\nlate 2\nquick\n");
    spool.append("on its way\n", settled);
    await spool.drained();
    spool.close();
    expect(takeAll(spool.queue)).toBe("on its way\n");
  });

  it.skipIf(!canMount())("counts what a full disk did not take, and leaves no torn line", () => {
    mounted = join(directory, "small");
    mkdirSync(mounted);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", mounted]);
    const { spool, results, settled } = make({ directory: join(mounted, "boot") });
    const line = `${"x".repeat(2999)}\n`;
    for (let n = 0; n < 8; n += 1) spool.appendNow(line, settled);
    const taken = results.filter((reason) => reason === null).length;
    expect(taken).toBeGreaterThan(0);
    expect(results.slice(taken).every((reason) => reason === "spool_disk_full")).toBe(true);
    expect(taken).toBeLessThan(8);
    expect(readFileSync(join(mounted, "boot", "00000001.ndjson"), "utf8")).toBe(line.repeat(taken));
    spool.close();
    spool.queue.close();
  });
});

describe("the owner of a boot's directory", () => {
  const BOOT = "01933b2e-1111-7111-8111-111111111111";

  it("is alone: a live one's directory is left, a released or dead one's is taken once", () => {
    const path = join(directory, BOOT);
    mkdirSync(path);
    claim(path, "me");
    expect(isAbandoned(path)).toBe(false);
    release(path, "me");
    expect(isAbandoned(path)).toBe(true);
    expect(
      adoptLeftovers(
        directory,
        "other",
        () => undefined,
        () => undefined,
      ),
    ).toHaveLength(1);
    expect(
      adoptLeftovers(
        directory,
        "third",
        () => undefined,
        () => undefined,
      ),
    ).toHaveLength(0);
  });

  it("is dead when its pid belongs to a process that began later", () => {
    const path = join(directory, BOOT);
    mkdirSync(path);
    writeFileSync(join(path, "owner-1.json"), JSON.stringify({ pid: process.pid, started: "1" }));
    expect(isAbandoned(path)).toBe(true);
    writeFileSync(join(path, "owner-2.json"), JSON.stringify({ pid: process.pid, started: null }));
    expect(isAbandoned(path)).toBe(false);
  });
});

/** A disk that is really full takes a mount of its own, and so the right to make one. */
function canMount(): boolean {
  const probe = mkdtempSync(join(tmpdir(), "tripline-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", probe], { stdio: "ignore" });
    execFileSync("umount", [probe]);
    return true;
  } catch {
    console.warn("skipping the test of a full disk: this user can't mount one");
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}
