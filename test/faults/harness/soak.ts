/**
 * `npm run soak -- --minutes 60 --seed 7 --log embedded|kafka`: the long run. Callers with known ids work while faults of
 * a seeded list are injected one after the other; then everything is compared with a run without faults over the same
 * records. Prints each fault as it comes and a report at the end. Exit code 0 only if nothing was lost or doubled and
 * at least MIN_KILLS processes were killed.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { findings } from "./findings.ts";
import { faultPlan } from "./plan.ts";
import { embeddedScene, kafkaScene, type Scene } from "./soak-scenes.ts";
import { whatHappened } from "./what-happened.ts";
import { startWorkload } from "./workload.ts";

const MIN_KILLS = 50; // in an hour; fewer in a shorter run, by the minute
const HOUR_MINUTES = 60;
const ACCEPTS = { fewest: 100, most: 1_500 }; // from one fault to the next: two to twenty-five seconds
const CALLS_PER_SECOND = 15; // of each caller: an hour is some 220,000 records, which the comparison holds in memory
const CALLERS = 2;
const CHAIN_EVERY = 75; // calls; a caller has thieves for seven hours
const RECOVERY_MS = 2_000; // so that what follows meets a service at work, mostly

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: String(HOUR_MINUTES) },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    log: { type: "string", default: "embedded" },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0) || !Number.isInteger(seed) || !["embedded", "kafka"].includes(values.log)) {
  console.error("usage: npm run soak -- --minutes N --seed N --log embedded|kafka");
  process.exit(2);
}
const minKills = Math.min(MIN_KILLS, Math.floor((MIN_KILLS * minutes) / HOUR_MINUTES));

const startedAt = Date.now();
const elapsed = (): string => {
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(3)}:${String(seconds % 60).padStart(2, "0")}`;
};
console.log(`soak: ${minutes} minutes, --seed ${seed}, --log ${values.log}`);

const directory = mkdtempSync(join(tmpdir(), "tripline-soak-"));
mkdirSync(join(directory, "callers"));
const scene: Scene = await (values.log === "kafka" ? kafkaScene(directory) : embeddedScene(directory));
const workload = await startWorkload({
  installation: scene.installation,
  directory: join(directory, "callers"),
  callers: CALLERS,
  callsPerSecond: CALLS_PER_SECOND,
  chainEvery: CHAIN_EVERY,
});
const counts = new Map<string, number>();
let kills = 0;
const wrong: string[] = [];
let failure: unknown;
try {
  const faults = new Map<string, (choice: number) => Promise<number>>(
    Object.entries(scene.faults).map(([name, inject]) => [name, (choice) => inject(choice, workload)]),
  );
  faults.set("a caller is killed", async (choice) => {
    await workload.kill(Math.floor(choice * workload.size));
    return 1;
  });
  const plan = faultPlan({ seed, kinds: [...faults.keys()], accepts: ACCEPTS });
  const until = startedAt + minutes * 60_000;
  while (Date.now() < until) {
    const { value: next } = plan.next();
    if (next === undefined) break;
    await workload.progress(next.accepts);
    for (const service of scene.installation.services.values()) {
      if (service.running()) continue;
      wrong.push(`${service.name} ended by itself: ${service.output().slice(-1_000)}`);
      await service.start();
    }
    console.log(`${elapsed()}  ${next.fault} (${next.choice.toFixed(3)}), after ${next.accepts} accepts`);
    kills += (await faults.get(next.fault)?.(next.choice)) ?? 0;
    counts.set(next.fault, (counts.get(next.fault) ?? 0) + 1);
    await delay(RECOVERY_MS);
  }
  console.log(`${elapsed()}  the faults are over; waiting until everything is stored`);
  const run = await whatHappened(scene.installation, workload);
  // Letters may be written again after a kill, so that their number is not known.
  wrong.push(...findings(scene.isPoisoned() ? { ...run, deadLetters: 0 } : run));
  console.log(
    `\naccepted: ${run.accepted.intents.size} intents, ${run.accepted.calls.size} calls, ${run.accepted.chains.size} chains` +
      `\nlogged:   ${run.logged.length} records, ${run.logged.length - new Set(run.logged.map(({ id }) => id)).size} of them resends` +
      `\nstored:   ${run.stored.length} records; ${run.alerts.stored.length} alerts of ${run.alerts.expected.size} expected; ${run.revoked.length} keys taken away`,
  );
} catch (error) {
  failure = error;
} finally {
  await workload.dispose();
  await scene.dispose();
}

console.log(`faults:   ${[...counts].map(([fault, count]) => `${fault} ×${count}`).join(", ")}`);
console.log(`kills:    ${kills} (at least ${minKills})`);
if (failure !== undefined) console.error("the run did not come to its end:", failure);
for (const sentence of wrong) console.log(`WRONG:    ${sentence}`);
const held = failure === undefined && wrong.length === 0 && kills >= minKills;
console.log(
  held
    ? `held: nothing lost, nothing doubled (--seed ${seed})`
    : `NOT HELD (--seed ${seed}); everything is in ${directory}`,
);
if (held) rmSync(directory, { recursive: true, force: true });
process.exit(held ? 0 : 1);
