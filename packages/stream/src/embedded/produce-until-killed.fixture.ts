import { openEmbeddedLog } from "./embedded-log.ts";

/** A process that produces without end and says what was acknowledged; see embedded-faults.test.ts. */
const log = openEmbeddedLog({ directory: process.argv[2] ?? "" });
await log.ensureTopics([
  { name: "t", partitions: 2, cleanup: "delete" },
  { name: "table", partitions: 1, cleanup: "compact" },
]);
for (let round = 0; ; round++) {
  const calls = Array.from({ length: 20 }, (_, i) => {
    const records = Array.from({ length: 10 }, (_, j) => ({
      key: `${i}`,
      value: Buffer.from(`${round}.${i}.${j}`),
    }));
    return log.produce("t", records);
  });
  const table = log.produce("table", [{ key: `${round % 3}`, value: Buffer.from(`${round}`) }]);
  await Promise.all([...calls, table]);
  process.stdout.write(`${round}\n`);
}
