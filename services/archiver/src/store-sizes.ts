import { gauge, type ServiceContext } from "@tripline/service";
import type { Store } from "@tripline/store";

const EVERY_MS = 15_000; // as often as Prometheus usually asks

/** Keeps the metrics of the tables' sizes up to date until the returned function is called. */
export function watchStoreSizes({ metrics, logger }: ServiceContext, store: Store): () => void {
  const rows = gauge(metrics, {
    name: "tripline_store_rows",
    help: "Rows stored, by table.",
    labels: ["table"],
  });
  const bytes = gauge(metrics, {
    name: "tripline_store_bytes",
    help: "Bytes on disk, by table.",
    labels: ["table"],
  });

  async function look(): Promise<void> {
    try {
      for (const [table, size] of Object.entries(await store.tableSizes())) {
        rows.set({ table }, size.rows);
        bytes.set({ table }, size.bytes);
      }
    } catch (error) {
      logger.warn({ err: error }, "the store's sizes could not be read; the last known ones stay");
    }
  }

  void look();
  const timer = setInterval(look, EVERY_MS);
  return () => clearInterval(timer);
}
