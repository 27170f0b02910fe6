import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../open-store.ts";
import type { Store } from "../store.ts";

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
