/** From produce to alert on Kafka, the broker on the same cores. Prints a BenchResult as JSON. */
import { measureAlerts } from "./alert-latency.ts";

console.log(JSON.stringify(await measureAlerts("kafka", 50)));
