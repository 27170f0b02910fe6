/** What one installation on Kafka carries, the broker on the same cores. Prints a BenchResult as JSON. */
import { measureCapacity } from "./capacity.ts";

console.log(JSON.stringify(await measureCapacity("kafka", 15_000)));
