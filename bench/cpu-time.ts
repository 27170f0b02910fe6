import { readdirSync, readFileSync } from "node:fs";

const TICK_US = 10_000; // Linux counts in hundredths of a second for /proc, whatever the kernel's own

/** CPU time of a process so far, in µs: in all, and by thread (Linux). */
export interface CpuTime {
  total: number;
  threads: ReadonlyMap<string, number>;
}

export function cpuTime(pid: number | undefined): CpuTime {
  const threads = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      threads.set(thread, ticks(readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8")) * TICK_US);
    } catch (error) {
      // A thread that ended since it was listed.
      if (
        !(error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH"))
      ) {
        throw error;
      }
    }
  }
  return { total: ticks(readFileSync(`/proc/${pid}/stat`, "utf8")) * TICK_US, threads };
}

/** What was used between two moments, in µs: in all, and by the thread that used most. */
export function cpuUsed(before: CpuTime, after: CpuTime): { total: number; busiestThread: number } {
  const byThread = [...after.threads].map(([thread, used]) => used - (before.threads.get(thread) ?? 0));
  return { total: after.total - before.total, busiestThread: Math.max(0, ...byThread) };
}

/** utime + stime of proc(5). The command's name before them is in parentheses and may hold spaces. */
function ticks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
