import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startBroker } from "./broker.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "9092" },
    data: { type: "string", default: join(tmpdir(), "tripline-kafka") },
  },
});
const broker = await startBroker({ port: Number(values.port), dataDir: values.data });
console.log(
  `Kafka listens on ${broker.address}; data in ${values.data}. Use TRIPLINE_LOG=kafka://${broker.address}`,
);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void broker.stop().then(() => process.exit(0)));
}
