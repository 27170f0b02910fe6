import type { Job } from "./job.ts";
import { FILES } from "./jobs/files.ts";
import { OFFICE } from "./jobs/office.ts";
import { WEB } from "./jobs/web.ts";

/** A day's work, for development: `npx node test/traces/record/main.ts record/ordinary ordinary/ordinary`. */
export const JOBS: readonly Job[] = [...FILES, ...WEB, ...OFFICE];
