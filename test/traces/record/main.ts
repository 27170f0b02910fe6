import { existsSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Random } from "../form/random.ts";
import type { ToolListing } from "../form/tool.ts";
import { type Trace, writeLines, writeTools } from "../form/trace.ts";
import type { Job } from "./job.ts";
import { Session } from "./session.ts";
import { web } from "./web.ts";

const USERS = ["dana", "marek", "ines", "tobias", "asha", "ruben"];
const CAPS = [null, null, null, 8_000, 2_000] as const;

/** `main.ts JOBS OUT [ONLY]`: does all jobs of a module with real servers and writes `OUT.ndjson.gz`. */
const [module = "", out = "", only = ""] = process.argv.slice(2);
const { JOBS } = (await import(new URL(`../${module}.ts`, import.meta.url).href)) as { JOBS: readonly Job[] };
const traces: Trace[] = [];
const suites: Record<string, ToolListing[]> = {};
for (const job of JOBS) {
  for (let variant = 0; variant < job.variants; variant += 1) {
    if (`${job.suite}/${job.task}`.includes(only)) traces.push(await record(job, variant));
  }
}
if (only === "") {
  const base = fileURLToPath(new URL(`../${out}`, import.meta.url));
  writeLines(`${base}.ndjson.gz`, traces);
  writeTools(`${base}.tools.json`, suites);
} else {
  for (const trace of traces) for (const call of trace.calls) console.log(JSON.stringify(call).slice(0, 700));
}
console.log(`${traces.length} runs, ${traces.reduce((sum, trace) => sum + trace.calls.length, 0)} calls`);

async function record(job: Job, variant: number): Promise<Trace> {
  const seed = `${job.suite}/${job.task}/${variant}`;
  const r = new Random(seed);
  const home = `/home/${r.pick(USERS)}`;
  if (existsSync(home)) throw new Error(`${home} exists: move it away, a run makes and removes it`);
  mkdirSync(home, { recursive: true });
  const internet = await web(job.pages?.(r) ?? {});
  const place = { home, proxy: internet.proxy };
  try {
    const session = await Session.open(job.prepare(place, r), r.pick(CAPS));
    await job.run(session, r, place).finally(() => session.close());
    return note(job, variant, session);
  } finally {
    internet.close();
    rmSync(home, { recursive: true, force: true });
  }
}

function note(job: Job, variant: number, session: Session): Trace {
  const known = suites[job.suite] ?? [];
  const names = new Set(known.map((tool) => tool.name));
  suites[job.suite] = [...known, ...session.tools.filter((tool) => !names.has(tool.name))];
  const failed = session.calls.filter((call) => call.error !== null).length;
  console.log(`${job.suite}/${job.task}/${variant}: ${session.calls.length} calls, ${failed} failed`);
  return {
    trace: `${job.suite}/scripted/${job.task}/none/none/${variant}`,
    suite: job.suite,
    model: "scripted",
    attack: "none",
    user_task: job.task,
    injection_task: "none",
    label: "benign",
    exposed_at: null,
    calls: session.calls,
  };
}
