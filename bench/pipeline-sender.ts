/** The load of `pipeline.ts`, in a process of its own: so many records a second, as far as the collector takes them. */
import { setTimeout as delay } from "node:timers/promises";
import { Agent, request } from "undici";
import { createLoad } from "./load.ts";

const CONNECTIONS = 4; // enough to keep the collector busy while a batch is being made
const RETRY_MS = 20;

const [url = "", key = "", seconds = "10", rate = "10000", batch = "500"] = process.argv.slice(2);
const batchRecords = Number(batch);
const dispatcher = new Agent({ connections: CONNECTIONS });
const loads = Array.from({ length: CONNECTIONS }, () =>
  createLoad({ tenant: "local", producer: "bench", credentials: 200, sessionsPerCredential: 20 }),
);
const startedAt = Date.now();
const until = startedAt + Number(seconds) * 1000;
let lastId = "";

await Promise.all(
  loads.map(async (load) => {
    for (let due = Date.now(); due < until; due += (batchRecords * CONNECTIONS * 1000) / Number(rate)) {
      await delay(Math.max(0, due - Date.now()));
      if (Date.now() >= until) break;
      const batch = load.batch(batchRecords);
      await send(batch.body);
      lastId = batch.lastId;
    }
  }),
);
const records = loads.reduce((sum, load) => sum + load.made, 0);
const { user, system } = process.cpuUsage();
process.send?.({ records, lastId, startedAt, endedAt: Date.now(), cpu: user + system }, () =>
  process.exit(0),
);

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
    await delay(RETRY_MS);
  }
}
