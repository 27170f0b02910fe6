import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Directories } from "./directories.ts";
import { DirectorySync } from "./directory-sync.ts";

/** Remembers what was synced, after it was. */
class WatchedSync extends DirectorySync {
  readonly synced: string[] = [];
  override async sync(directory: string): Promise<void> {
    await super.sync(directory);
    this.synced.push(directory);
  }
}

describe("directories", () => {
  let base: string;
  let syncs: WatchedSync;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), "tripline-ledger-"));
    syncs = new WatchedSync();
  });
  afterEach(() => rmSync(base, { recursive: true }));

  it("are made with all above them, and each entry is synced before it is relied on", async () => {
    const root = join(base, "a/ledger");
    await new Directories(root, syncs).ensure(join(root, "tile/0"));
    expect(statSync(join(root, "tile/0")).isDirectory()).toBe(true);
    expect(syncs.synced).toEqual([join(base, "a"), base, root, join(root, "tile")]);
  });

  it("are made once by many, and again only when they were forgotten", async () => {
    const directories = new Directories(base, syncs);
    await Promise.all(Array.from({ length: 10 }, () => directories.ensure(join(base, "tile"))));
    expect(syncs.synced).toEqual([base]);
    rmSync(join(base, "tile"), { recursive: true });
    directories.forget(join(base, "tile"));
    await directories.ensure(join(base, "tile"));
    expect(statSync(join(base, "tile")).isDirectory()).toBe(true);
    expect(syncs.synced).toEqual([base, base]);
  });
});

describe("syncing a directory", () => {
  it("is shared by those that come while one is on its way, and not with it", async () => {
    const base = mkdtempSync(join(tmpdir(), "tripline-ledger-"));
    const syncs = new DirectorySync();
    const first = syncs.sync(base);
    const [second, third] = [syncs.sync(base), syncs.sync(base)];
    expect(second).toBe(third);
    expect(second).not.toBe(first);
    await Promise.all([first, second, third]);
    expect(syncs.sync(base)).not.toBe(second);
    await syncs.sync(base);
    rmSync(base, { recursive: true });
  });

  it("fails for all that share it, and for nobody after", async () => {
    const base = mkdtempSync(join(tmpdir(), "tripline-ledger-"));
    const syncs = new DirectorySync();
    const missing = join(base, "missing");
    const shared = [syncs.sync(missing), syncs.sync(missing), syncs.sync(missing)];
    for (const each of await Promise.allSettled(shared)) expect(each.status).toBe("rejected");
    await syncs.sync(base);
    rmSync(base, { recursive: true });
  });
});
