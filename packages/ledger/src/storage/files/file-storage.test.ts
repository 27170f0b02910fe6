import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entriesFrom, openTestLog } from "../../testing/logs.ts";
import { storageContract } from "../storage-contract.ts";
import { FileStorage } from "./file-storage.ts";

const text = (value: string) => new TextEncoder().encode(value);

storageContract("files", {
  place: async () => {
    const root = mkdtempSync(join(tmpdir(), "tripline-ledger-"));
    const opened: FileStorage[] = [];
    return {
      open: () => {
        const storage = new FileStorage(join(root, "ledger"));
        opened.push(storage);
        return storage;
      },
      done: async () => {
        for (const storage of opened) storage.close();
        rmSync(root, { recursive: true });
      },
    };
  },
});

describe("a log in a directory", () => {
  let root: string;
  let storage: FileStorage;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tripline-ledger-"));
    storage = new FileStorage(root);
  });
  afterEach(() => {
    storage.close();
    rmSync(root, { recursive: true });
  });

  it("is laid out as tlog-tiles serves it, without leftovers", async () => {
    const log = await openTestLog({ storage });
    for (const [from, to] of [
      [0, 10],
      [10, 300],
      [300, 600],
    ] as const) {
      await log.append(from, entriesFrom(from, to - from));
      await log.checkpoint();
    }
    const files = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .sort();
    expect(files).toEqual([
      ".tripline/lock.db",
      "checkpoint",
      "tile/0/000",
      "tile/0/001",
      "tile/0/002.p/88",
      "tile/1/000.p/1",
      "tile/1/000.p/2",
      "tile/entries/000",
      "tile/entries/001",
      "tile/entries/002.p/88",
    ]);
    expect(existsSync(join(root, "tile/0/000.p"))).toBe(false);
  });

  it("removes what a killed process had on its way, and nothing of a living one", async () => {
    await storage.write("tile/0/000", text("x"));
    const old = join(root, ".tripline", "77-1-0123456789ab");
    const young = join(root, ".tripline", "78-1-0123456789ab");
    const foreign = join(root, ".tripline", "notes");
    for (const file of [old, young, foreign]) writeFileSync(file, "x");
    const longAgo = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(old, longAgo, longAgo);
    utimesSync(foreign, longAgo, longAgo);
    await new FileStorage(root).write("tile/0/001", text("y"));
    expect([old, young, foreign].map((file) => existsSync(file))).toEqual([false, true, true]);
  });

  it("lets no other process change the checkpoint while one is at it, and is free when that one is killed", async () => {
    await storage.replace("checkpoint", null, text("1"));
    // Holds the lock as a process that is stopped in the middle would.
    const holder = spawn(process.execPath, [
      "-e",
      `const { DatabaseSync } = require("node:sqlite");
       new DatabaseSync(process.argv[1]).exec("BEGIN EXCLUSIVE");
       console.log("held");
       setInterval(() => {}, 1000);`,
      join(root, ".tripline", "lock.db"),
    ]);
    await once(holder.stdout, "data");
    let done = false;
    const replaced = storage.replace("checkpoint", text("1"), text("2")).then((result) => {
      done = true;
      return result;
    });
    for (let i = 0; i < 20; i++) await storage.read("checkpoint"); // time in which it would have gone through
    expect(done).toBe(false);
    expect(readFileSync(join(root, "checkpoint"), "utf8")).toBe("1");
    holder.kill("SIGKILL");
    expect(await replaced).toBe(true);
    expect(readFileSync(join(root, "checkpoint"), "utf8")).toBe("2");
  });

  it("says so when something else is in its place", async () => {
    writeFileSync(join(root, "tile"), "no folder");
    await expect(storage.write("tile/0/001", text("y"))).rejects.toMatchObject({ code: "ENOTDIR" });
    expect(await storage.read("tile/0/001")).toBeNull();
    expect(await storage.list("tile/0/")).toEqual([]);
  });
});
