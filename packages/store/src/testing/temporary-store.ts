import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../open-store.ts";
import type { Store } from "../store.ts";
import { startClickHouseFront } from "./clickhouse-front.ts";

export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "tripline-store-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A new embedded store; `close` also removes it. */
export async function openTemporaryStore(): Promise<Store> {
  const directory = temporaryDirectory();
  const store = await openStore({ dataDir: directory.path });
  return {
    ...store,
    async close() {
      await store.close();
      directory.remove();
    },
  };
}

/** The same over HTTP: a new engine behind a front that speaks ClickHouse's interface. */
export async function openTemporaryHttpStore(): Promise<Store> {
  const directory = temporaryDirectory();
  const front = await startClickHouseFront(directory.path);
  const store = await openStore({ url: front.url });
  return {
    ...store,
    async close() {
      await store.close();
      await front.close();
      directory.remove();
    },
  };
}
