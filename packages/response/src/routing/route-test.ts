import { NOTICES, SEVERITIES, tenantId } from "@tripline/events";
import { z } from "zod";
import { notifierName } from "../notifiers/kind.ts";
import { notifiersFor, type Route } from "./route.ts";

const name = z.string().min(1).max(256);

/** A case that the routes must pass when the file is loaded. */
export const routeTestSchema = z.strictObject({
  name: z.string().min(1).max(200).describe("what it shows, for whoever breaks it"),
  incident: z
    .strictObject({
      severity: z.enum(SEVERITIES).default("medium"),
      tenant: tenantId.default("default"),
      rule: name.default("any-rule"),
      server: name.optional(),
      environment: name.optional(),
      team: name.optional(),
      notice: z.enum(NOTICES).default("opened"),
      escalation: z.number().int().min(0).max(10).default(0),
    })
    .describe("what is told; what is left out has the default"),
  notify: z.array(notifierName).max(32).describe("who must be told, in any order; an empty list: nobody"),
});
export type RouteTest = z.infer<typeof routeTestSchema>;

export interface RoutingConfig {
  notifiers: readonly { name: string }[];
  routes?: readonly Route[] | undefined;
  route_tests: readonly RouteTest[];
}

export interface RouteTestResult {
  name: string;
  expected: string[];
  told: string[];
  passed: boolean;
}

/** How each test of the routes ends. */
export function runRouteTests(config: RoutingConfig): RouteTestResult[] {
  return config.route_tests.map((test) => {
    const { server, environment, team, ...rest } = test.incident;
    const told = [...notifiersFor(config, { ...rest, server, environment, team })].sort();
    const expected = [...new Set(test.notify)].sort();
    return { name: test.name, expected, told, passed: JSON.stringify(told) === JSON.stringify(expected) };
  });
}

/** The mistakes of routing that no single key shows: names that nobody has, and tests that fail. */
export function routingMistakes(config: RoutingConfig): { path: PropertyKey[]; message: string }[] {
  const known = new Set(config.notifiers.map((notifier) => notifier.name));
  const unknown = (where: "routes" | "route_tests", lists: readonly { notify: readonly string[] }[]) =>
    lists.flatMap(({ notify }, index) =>
      notify.flatMap((wanted, at) =>
        known.has(wanted)
          ? []
          : [{ path: [where, index, "notify", at], message: `there is no notifier ${wanted}` }],
      ),
    );
  const names = [...unknown("routes", config.routes ?? []), ...unknown("route_tests", config.route_tests)];
  if (names.length > 0) return names;
  return runRouteTests(config).flatMap(({ passed, name: about, expected, told }, index) =>
    passed
      ? []
      : [
          {
            path: ["route_tests", index],
            message: `"${about}" fails: expected ${list(expected)}, the routes tell ${list(told)}`,
          },
        ],
  );
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "nobody" : names.join(", ");
}
