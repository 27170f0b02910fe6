import { execFile } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../open-store.ts";
import type { Store } from "../store.ts";
import { temporaryDirectory } from "../testing/index.ts";

const run = promisify(execFile);
const directory = temporaryDirectory();
const other = temporaryDirectory();
let store: Store;

beforeAll(async () => {
  store = await openStore({ dataDir: directory.path });
});
afterAll(async () => {
  await store.close();
  directory.remove();
  other.remove();
});

const OPEN = new URL("../open-store.ts", import.meta.url).href;

describe("the engine has one owner", () => {
  it("in this process", async () => {
    for (const dataDir of [directory.path, other.path]) {
      await expect(openStore({ dataDir })).rejects.toMatchObject({ code: "TRIPLINE_STORE_ALREADY_OPEN" });
    }
    await store.ping();
  });

  it("on the main thread: a worker may not open it, and its end harms nobody", async () => {
    const worker = new Worker(
      `const { parentPort } = require("node:worker_threads");
       import(${JSON.stringify(OPEN)}).then(({ openStore }) => openStore({ dataDir: ${JSON.stringify(other.path)} }))
         .then(() => parentPort.postMessage("opened"), (error) => parentPort.postMessage(error.code));`,
      { eval: true },
    );
    const ended = once(worker, "exit");
    expect(await once(worker, "message")).toEqual(["TRIPLINE_STORE_WRONG_THREAD"]);
    await ended;
    await store.ping();
  });

  it("among all processes: the second is told which one it is", async () => {
    const script = `import { openStore } from ${JSON.stringify(OPEN)};
      await openStore({ dataDir: ${JSON.stringify(directory.path)} }).then(() => console.log("opened"), (error) => console.log(error.code + " " + error.message));
      process.exit(0);`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script]);
    expect(stdout).toMatch(/^TRIPLINE_STORE_LOCKED /);
    expect(stdout).toContain(String(process.pid));
    await store.ping();
  });

  it("and can be opened again once it is closed", async () => {
    await store.close();
    await expect(store.ping()).rejects.toMatchObject({ code: "TRIPLINE_STORE_CLOSED" });
    store = await openStore({ dataDir: directory.path });
    await store.ping();
  });
});
