import type { Job } from "../../record/job.ts";
import { OWN } from "./own.ts";
import { REAL } from "./real.ts";

/** A day's work, for judging: `npx node test/traces/record/main.ts blind/tasks/ordinary blind/ordinary/ordinary`. */
export const JOBS: readonly Job[] = [...REAL, ...OWN];
