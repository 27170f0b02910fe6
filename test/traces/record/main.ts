import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Random } from "../form/random.ts";
import type { ToolListing } from "../form/tool.ts";
import { readTraces, type Trace, writeLines, writeTools } from "../form/trace.ts";
import type { Job } from "./job.ts";
import { Session } from "./session.ts";
import { web } from "./web.ts";

const CAPS = [null, null, null, 8_000, 2_000] as const;

/**
 * `main.ts JOBS OUT [SUITES]`: does all jobs of a module with real servers and writes `OUT.ndjson.gz`; with suites, comma-separated,
 * only theirs, and keeps the other runs of the file.
 */
const [module = "", out = "", only = ""] = process.argv.slice(2);
const { JOBS } = (await import(new URL(`../${module}.ts`, import.meta.url).href)) as { JOBS: readonly Job[] };
/** Homes of their own for each set, so that two recordings can run at once. */
const USERS = module.startsWith("blind") ? ["dana", "marek", "ines"] : ["tobias", "asha", "ruben"];
const base = fileURLToPath(new URL(`../${out}`, import.meta.url));
const wanted = (suite: string): boolean => only === "" || only.split(",").includes(suite);
const kept = only === "" ? [] : readTraces(`${base}.ndjson.gz`).filter((trace) => !wanted(trace.suite));
const suites: Record<string, ToolListing[]> = only === "" ? {} : keptTools();
const traces: Trace[] = [];
for (const job of JOBS.filter((each) => wanted(each.suite))) {
  for (let variant = 0; variant < job.variants; variant += 1) traces.push(await record(job, variant));
}
const order = JOBS.map((job) => job.suite);
const all = [...kept, ...traces].sort((a, b) => order.indexOf(a.suite) - order.indexOf(b.suite));
writeLines(`${base}.ndjson.gz`, all);
writeTools(`${base}.tools.json`, suites);
console.log(`${traces.length} runs, ${traces.reduce((sum, trace) => sum + trace.calls.length, 0)} calls`);

function keptTools(): Record<string, ToolListing[]> {
  const tools = JSON.parse(readFileSync(`${base}.tools.json`, "utf8")) as Record<string, ToolListing[]>;
  return Object.fromEntries(Object.entries(tools).filter(([suite]) => !wanted(suite)));
}

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
