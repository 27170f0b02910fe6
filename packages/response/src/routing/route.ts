import { type Incident, NOTICES, SEVERITIES } from "@tripline/events";
import { z } from "zod";
import { globMatches } from "../glob.ts";
import type { NoticeKind, Notification } from "../notification.ts";
import { notifierName } from "../notifiers/kind.ts";

const pattern = z.string().min(1).max(256);
const patterns = z.union([pattern, z.array(pattern).min(1).max(100)]);

/** What a route looks at. */
const matchSchema = z.strictObject({
  min_severity: z.enum(SEVERITIES).optional().describe("at least this grave"),
  tenant: patterns
    .optional()
    .describe("`*` stands for anything, also in those below; of a list, one is enough"),
  rule: patterns.optional().describe("the rule's id"),
  server: patterns.optional(),
  environment: patterns.optional(),
  team: patterns.optional().describe("whose agent it is"),
  notice: z
    .array(z.enum(NOTICES))
    .min(1)
    .optional()
    .describe(
      "why it is told: opened, grew, escalated, acknowledged, resolved, false_positive, reopened, done",
    ),
  escalation: z
    .number()
    .int()
    .min(1)
    .max(10)
    .optional()
    .describe("at least this level: nobody acknowledged so often"),
});
type Match = z.infer<typeof matchSchema>;

export const routeSchema = z.strictObject({
  match: matchSchema.default({}).describe("all that are given must fit; nothing given: everything"),
  notify: z.array(notifierName).max(32).describe("names of notifiers; an empty list: nobody"),
  continue: z.boolean().default(false).describe("true: the routes below are asked too"),
});
export type Route = z.infer<typeof routeSchema>;

/** What routes know of a notification. */
export interface Routed {
  severity: Incident["severity"];
  tenant: string;
  rule: string;
  server: string | undefined;
  environment: string | undefined;
  team: string | undefined;
  notice: NoticeKind;
  escalation: number;
}

export function routedOf({ incident, kind }: Notification): Routed {
  const { actor, target } = incident.alert;
  return {
    severity: incident.severity,
    tenant: incident.tenant,
    rule: incident.rule.id,
    server: target?.server,
    environment: target?.environment,
    team: actor?.team,
    notice: kind,
    escalation: incident.escalation,
  };
}

// Without routes: what a person should look at, and nothing that only explains something else.
const WITHOUT_ROUTES: Match = { min_severity: "medium" };

/**
 * The notifiers that are told: those of the first route that fits, and while routes say `continue` also of the next ones that
 * fit. Without `routes` it is every notifier, from medium on.
 */
export function notifiersFor(
  { notifiers, routes }: { notifiers: readonly { name: string }[]; routes?: readonly Route[] | undefined },
  routed: Routed,
): Set<string> {
  const told = new Set<string>();
  if (routes === undefined) {
    if (fits(WITHOUT_ROUTES, routed)) for (const { name } of notifiers) told.add(name);
    return told;
  }
  for (const route of routes) {
    if (!fits(route.match, routed)) continue;
    for (const name of route.notify) told.add(name);
    if (!route.continue) break;
  }
  return told;
}

function fits(match: Match, routed: Routed): boolean {
  const { min_severity, notice, escalation } = match;
  return (
    (min_severity === undefined || SEVERITIES.indexOf(routed.severity) >= SEVERITIES.indexOf(min_severity)) &&
    (notice === undefined || notice.some((kind) => kind === routed.notice)) &&
    (escalation === undefined || routed.escalation >= escalation) &&
    (["tenant", "rule", "server", "environment", "team"] as const).every((key) =>
      named(match[key], routed[key]),
    )
  );
}

function named(wanted: string | string[] | undefined, name: string | undefined): boolean {
  if (wanted === undefined) return true;
  return name !== undefined && [wanted].flat().some((one) => globMatches(one, name));
}
