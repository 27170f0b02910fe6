import { TriplineError } from "@tripline/events";
import { z } from "zod";

/** What happened in a run, as the makers of a data set say. */
export const LABELS = [
  "attack-succeeded",
  "benign",
  "attack-resisted",
  "attack-unseen",
  "goal-as-user",
] as const;

const optionalText = z.string().nullish();

/** One run as a line of NDJSON has it. Only `calls` and their tools are needed; what is missing has a default. */
const traceSchema = z.looseObject({
  trace: optionalText,
  suite: optionalText,
  model: optionalText,
  attack: optionalText,
  user_task: z.union([z.string(), z.number()]).nullish(),
  injection_task: z.union([z.string(), z.number()]).nullish(),
  label: optionalText,
  exposed_at: z.number().int().min(0).nullish(),
  calls: z.array(
    z.looseObject({
      tool: z.string().min(1),
      args: z.unknown().optional(),
      output: z.unknown().optional(),
      error: z.unknown().optional(),
    }),
  ),
});

export interface LabelledCall {
  tool: string;
  args: unknown;
  /** Text as the tool returned it; JSON of it where it was no text. */
  output: string | null;
  error: string | null;
}

/** One run of an agent: its calls in order, and what is known about it. */
export interface LabelledTrace {
  name: string;
  suite: string;
  label: string;
  userTask: string;
  injectionTask: string | null;
  /** Index of the first call whose output held the injected text. */
  exposedAt: number | null;
  calls: LabelledCall[];
}

export const UNLABELLED = "unlabelled";
const NO_SUITE = "default";

/**
 * Reads one line.
 * @param place `file:line`, for errors
 * @throws TriplineError TRIPLINE_TRACE_INVALID saying what was expected
 */
export function parseLabelledTrace(line: string, place: string): LabelledTrace {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw new TriplineError("TRIPLINE_TRACE_INVALID", `${place}: expected one JSON object a line`, { cause });
  }
  const parsed = traceSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = issue?.path.join(".") || "the line";
    throw new TriplineError("TRIPLINE_TRACE_INVALID", `${place}: ${path}: ${issue?.message ?? "invalid"}`);
  }
  const { data } = parsed;
  const name = data.trace || place;
  return {
    name,
    suite: data.suite || NO_SUITE,
    label: data.label || UNLABELLED,
    userTask: String(data.user_task ?? name),
    injectionTask: data.injection_task == null ? null : String(data.injection_task),
    exposedAt: data.exposed_at ?? null,
    calls: data.calls.map(({ tool, args, output, error }) => ({
      tool,
      args: args ?? {},
      output: textOf(output),
      error: textOf(error),
    })),
  };
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}
