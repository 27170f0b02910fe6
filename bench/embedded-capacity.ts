/** What one installation on the embedded log carries. Prints a BenchResult as JSON. */
import { measureCapacity } from "./capacity.ts";

console.log(JSON.stringify(await measureCapacity("embedded", 25_000)));
