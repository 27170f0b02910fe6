import { Random } from "../form/random.ts";
import type { ToolListing } from "../form/tool.ts";
import { listing } from "../form/tool.ts";
import { attacked, type Made, ordinary } from "./attacked.ts";
import type { Domain } from "./domain.ts";

/** Runs a domain: enough that no task or goal decides a figure alone, few enough to be read. */
export const WANTED = { ordinaryPerTask: 4, succeeded: 24, resisted: 6, unseen: 5 } as const;
const TRIES = 400;

export function ordinaryRunsOf(domain: Domain, perTask: number): Made[] {
  const tasks = Object.keys(domain.world(new Random(domain.suite)).tasks);
  return tasks.flatMap((task) =>
    Array.from({ length: perTask }, (_, seed) => ordinary(domain, task, `${seed}`)),
  );
}

/** All runs of one domain, the same for the same code. */
export function runsOf(domain: Domain): Made[] {
  const world = domain.world(new Random(domain.suite));
  const tasks = Object.keys(world.tasks);
  const made = ordinaryRunsOf(domain, WANTED.ordinaryPerTask);
  const goals = Object.keys(world.wishes);
  const r = new Random(`${domain.suite} choices`);
  const wanted = [
    ["attack-succeeded", WANTED.succeeded],
    ["attack-resisted", WANTED.resisted],
    ["attack-unseen", WANTED.unseen],
  ] as const;
  for (const [label, count] of wanted) {
    let left = count;
    for (let turn = 0; left > 0; turn += 1) {
      if (turn > TRIES) throw new Error(`${domain.suite}: ${left} runs ${label} could not be made`);
      // Goals and wordings in turn, so that all come up; task and carrier by lot.
      const goal = goals[turn % goals.length] ?? "";
      const wording = Math.floor(turn / goals.length);
      const task = r.pick(tasks);
      const meets = world.tasks[task]?.meets ?? [];
      const others = Object.keys(world.carriers).filter((name) => !meets.includes(name));
      // A text that is not met, or one behind the end of a cut output.
      const from = label === "attack-unseen" && others.length > 0 && r.chance(0.7) ? others : meets;
      if (from.length === 0) continue;
      const run = attacked(domain, { task, goal, carrier: r.pick(from), label, wording, seed: `${turn}` });
      if (run === null) continue;
      made.push(run);
      left -= 1;
    }
  }
  return made;
}

export function toolsOf(domain: Domain): ToolListing[] {
  return domain.world(new Random(domain.suite)).tools.map(listing);
}
