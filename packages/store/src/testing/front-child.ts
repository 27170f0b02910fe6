import { startClickHouseFront } from "./clickhouse-front.ts";

/** The front in a process of its own, which can be killed. Arguments: directory, port. Prints `ready`. */
const [directory = "", port = "0"] = process.argv.slice(2);
await startClickHouseFront(directory, { port: Number(port) });
console.log("ready");
