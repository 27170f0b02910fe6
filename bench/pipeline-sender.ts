/** The load of `pipeline.ts`, in a process of its own: as fast as the collector takes it, for a given time. */
import { Agent, request } from "undici";
import { createLoad } from "./load.ts";

const BATCH_RECORDS = 500;
const CONNECTIONS = 4; // enough to keep the collector busy while a batch is being made
const RETRY_MS = 20;

const [url = "", key = "", seconds = "10"] = process.argv.slice(2);
const dispatcher = new Agent({ connections: CONNECTIONS });
const loads = Array.from({ length: CONNECTIONS }, () =>
  createLoad({ tenant: "local", producer: "bench", credentials: 200, sessionsPerCredential: 20 }),
);
const startedAt = Date.now();
const until = startedAt + Number(seconds) * 1000;
let lastId = "";

await Promise.all(
  loads.map(async (load) => {
    while (Date.now() < until) {
      const batch = load.batch(BATCH_RECORDS);
      await send(batch.body);
      lastId = batch.lastId;
    }
  }),
);
const records = loads.reduce((sum, load) => sum + load.made, 0);
process.send?.({ records, lastId, startedAt, endedAt: Date.now() }, () => process.exit(0));

async function send(body: string): Promise<void> {
  for (;;) {
    const { statusCode, body: answer } = await request(`${url}/v1/records`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson" },
      body,
      dispatcher,
    });
    const text = await answer.text();
    if (statusCode === 200) {
      const { refused } = JSON.parse(text) as { refused: unknown[] };
      if (refused.length > 0) throw new Error(`refused: ${JSON.stringify(refused[0])}`);
      return;
    }
    if (statusCode !== 503 && statusCode !== 429)
      throw new Error(`the collector answered ${statusCode}: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
