/** ClickHouse's HTTP interface over an embedded engine, as a process that can be killed. Arguments: data directory. */
import { startClickHouseFront } from "../../../packages/store/src/testing/clickhouse-front.ts";

const front = await startClickHouseFront(process.argv[2] ?? "");
console.log(`front ${front.url}`);
process.once("SIGTERM", () => {
  void front.close().then(() => process.exit(0));
});
