import { CAPTURE_LEVELS, type CaptureLevel } from "@tripline/events";
import { z } from "zod";

const INTENT_DEADLINE_MS = 10 * 60_000; // longer than clients wait for a tool (SDK default 1 min), shorter than a shift

const captureRuleSchema = z.object({
  server: z.string(),
  tool: z.string().optional(),
  level: z.enum(CAPTURE_LEVELS),
});

const captureSchema = z.object({
  default: z.enum(CAPTURE_LEVELS).default("full"),
  rules: z
    .array(captureRuleSchema)
    .default([])
    .describe("the last rule that names the server, and the tool where it names one, decides"),
});

/** What an operator decides about recording and refusing. Handed out by the collector, or given in code. */
export const interceptorPolicySchema = z.object({
  intents: z
    .enum(["all", "mutating", "none"])
    .default("mutating")
    .describe(
      "which calls are recorded before they are forwarded; mutating: all that no trusted annotation calls read-only",
    ),
  intent_deadline_ms: z
    .number()
    .int()
    .min(1000)
    .default(INTENT_DEADLINE_MS)
    .describe("when an intent without a call counts as in doubt"),
  trusted_servers: z.array(z.string()).default([]).describe("servers whose readOnlyHint is believed"),
  capture: captureSchema.prefault({}),
  fail_closed: z
    .array(z.string())
    .default([])
    .describe(
      "server/tool, server/* or *: refused while there is no deny list, and when the call can't be recorded beforehand",
    ),
});

/** The same as people write it in a file. A misspelt guard must not look like a guard, so unknown keys are refused. */
export const interceptorPolicyFileSchema = interceptorPolicySchema.strict().extend({
  capture: captureSchema
    .strict()
    .extend({ rules: z.array(captureRuleSchema.strict()).default([]) })
    .prefault({}),
});
export type InterceptorPolicy = z.infer<typeof interceptorPolicySchema>;
/** As an operator writes it: what is left out has its default. */
export type InterceptorPolicyInput = z.input<typeof interceptorPolicySchema>;

/** What the policy says of one tool. */
export interface ToolPolicy {
  capture: CaptureLevel;
  failClosed: boolean;
  /** Whether the server's own annotations count. */
  trusted: boolean;
}

const MAX_REMEMBERED_TOOLS = 10_000; // a hostile client can make up names

/** Answers for (server, tool) from memory; a policy never changes. */
export class PolicyTable {
  readonly policy: InterceptorPolicy;
  readonly #known = new Map<string, ToolPolicy>();

  constructor(policy: InterceptorPolicy) {
    this.policy = policy;
  }

  /** @param path `server/tool` */
  of(server: string, tool: string, path: string): ToolPolicy {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_REMEMBERED_TOOLS) this.#known.clear();
    const { capture, fail_closed, trusted_servers } = this.policy;
    const rule = capture.rules.findLast(
      (candidate) => candidate.server === server && (candidate.tool === undefined || candidate.tool === tool),
    );
    const decided = {
      capture: rule?.level ?? capture.default,
      failClosed: fail_closed.some((entry) => entry === "*" || entry === `${server}/*` || entry === path),
      trusted: trusted_servers.includes(server),
    };
    this.#known.set(path, decided);
    return decided;
  }
}
