import { SEVERITIES } from "@tripline/events";
import { z } from "zod";
import { ARGUMENT_ROLES } from "./argument-role.ts";
import { EFFECTS, TOOL_CLASSES } from "./effects.ts";

/** The shape of the manifest: what an operator knows of servers and tools that nobody can see in records. */

const MAX_PATTERNS = 1000;
const pattern = z.string().min(1).max(256);
const patterns = z.array(pattern).max(MAX_PATTERNS);
const match = z
  .union([pattern, patterns.min(1)])
  .transform((given) => (typeof given === "string" ? [given] : given))
  .describe("a name or several; `*` stands for any characters, case does not matter");

function correction<const T extends readonly [string, ...string[]]>(names: T) {
  const list = z.array(z.enum(names)).max(names.length).default([]);
  return z.strictObject({
    add: list.describe("what the tool has, whatever it seems"),
    remove: list.describe("what the tool does not have, whatever it seems"),
  });
}

const toolSchema = z.strictObject({
  match,
  risk: z.enum(SEVERITIES).optional().describe("how grave a misuse is: the field `risk` of rules"),
  acts: z.boolean().optional().describe("false: the tool only reads"),
  effects: correction(EFFECTS).optional(),
  classes: correction(TOOL_CLASSES).optional(),
  arguments: z
    .record(z.string().max(256), z.enum(ARGUMENT_ROLES))
    .optional()
    .describe("what arguments are for, by name"),
  limits: z
    .strictObject({
      calls_per_minute: z.int().min(1).max(100_000).optional().describe("by one credential"),
      max_args_bytes: z.int().min(1).optional(),
      max_result_bytes: z.int().min(1).optional(),
    })
    .optional()
    .describe("more than this is told, not stopped"),
  definition: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: "expected the definition's hash, 64 hex digits" })
    .optional()
    .describe("the only definition that is approved, as `tripline manifest init` prints it"),
});

const serverSchema = z.strictObject({
  match,
  owner: z.string().max(256).optional().describe("whom to ask: the field `server.owner` of rules"),
  trust_annotations: z
    .boolean()
    .optional()
    .describe("true: readOnlyHint and destructiveHint of its tools are believed"),
  risk: z.enum(SEVERITIES).optional().describe("of all of its tools, where a tool does not say its own"),
  tools: z.array(toolSchema).max(MAX_PATTERNS).default([]),
});

export const manifestSchema = z.strictObject({
  manifest: z.literal(1).describe("the version of this format"),
  approved_servers: patterns
    .optional()
    .describe(
      "the servers that agents may use; all others are shadow servers. Left out: nothing is said of any",
    ),
  internal_hosts: patterns
    .default([])
    .describe("domains of your own, each with its subdomains: what goes there does not leave"),
  known_destinations: patterns
    .optional()
    .describe("hosts (with subdomains) and mail addresses outside that data may go to"),
  servers: z.array(serverSchema).max(MAX_PATTERNS).default([]),
});
export type ManifestContent = z.infer<typeof manifestSchema>;
export type ManifestServer = ManifestContent["servers"][number];
export type ManifestTool = ManifestServer["tools"][number];
