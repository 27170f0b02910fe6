/** From produce to alert on the embedded log. Prints a BenchResult as JSON. */
import { measureAlerts } from "./alert-latency.ts";

console.log(JSON.stringify(await measureAlerts("embedded", 20)));
