import { CAPTURE_LEVELS, type CaptureLevel, SEVERITIES, type Severity } from "@tripline/events";
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

const HOLD_MS = 50; // several times what a verdict takes on one machine at light load
const MAX_HOLD_MS = 5_000; // a client's patience with a tool is a minute; an agent that waits longer is stuck

const holdSchema = z.object({
  tools: z
    .array(z.string())
    .min(1)
    .describe("server/tool, server/* or *: whose calls wait, where they may change something"),
  severity: z
    .enum(SEVERITIES)
    .default("high")
    .describe("a finding of this severity or graver refuses the call"),
  max_ms: z
    .number()
    .int()
    .min(0)
    .max(MAX_HOLD_MS)
    .default(HOLD_MS)
    .describe("how long a call waits at most; 0: calls of these tools don't wait"),
  unanswered: z
    .enum(["allow", "refuse"])
    .default("allow")
    .describe("what becomes of a call without a verdict in time"),
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
  hold: z
    .array(holdSchema)
    .default([])
    .describe("calls that wait until the rules have judged them; the last entry that names the tool decides"),
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
  hold: z.array(holdSchema.strict()).default([]),
});
export type InterceptorPolicy = z.infer<typeof interceptorPolicySchema>;
/** As an operator writes it: what is left out has its default. */
export type InterceptorPolicyInput = z.input<typeof interceptorPolicySchema>;

/** How a call waits for its verdict. */
export interface HoldPolicy {
  severity: Severity;
  maxMs: number;
  unanswered: "allow" | "refuse";
}

/** What the policy says of one tool. */
export interface ToolPolicy {
  capture: CaptureLevel;
  failClosed: boolean;
  /** Whether the server's own annotations count. */
  trusted: boolean;
  /** Null: its calls don't wait. */
  hold: HoldPolicy | null;
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
    const { capture, fail_closed, hold, trusted_servers } = this.policy;
    const names = (entry: string): boolean => entry === "*" || entry === `${server}/*` || entry === path;
    const held = hold.findLast(({ tools }) => tools.some(names));
    const rule = capture.rules.findLast(
      (candidate) => candidate.server === server && (candidate.tool === undefined || candidate.tool === tool),
    );
    const decided = {
      capture: rule?.level ?? capture.default,
      failClosed: fail_closed.some(names),
      trusted: trusted_servers.includes(server),
      hold:
        held === undefined || held.max_ms === 0
          ? null
          : { severity: held.severity, maxMs: held.max_ms, unanswered: held.unanswered },
    };
    this.#known.set(path, decided);
    return decided;
  }
}
