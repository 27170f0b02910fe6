import { describe, expect, test } from "vitest";
import { z } from "zod";
import { notifiersFor, type Routed, routeSchema } from "./route.ts";
import { routeTestSchema, routingMistakes, runRouteTests } from "./route-test.ts";

const NOTIFIERS = [{ name: "pager" }, { name: "chat" }, { name: "siem" }];
const ROUTED: Routed = {
  severity: "high",
  tenant: "acme",
  rule: "secret-read-then-sent",
  server: "mail",
  environment: "production",
  team: "payments",
  notice: "opened",
  escalation: 0,
};
const routes = (...given: unknown[]) => z.array(routeSchema).parse(given);
const told = (given: unknown[], routed: Partial<Routed> = {}) =>
  [...notifiersFor({ notifiers: NOTIFIERS, routes: routes(...given) }, { ...ROUTED, ...routed })].sort();

describe("what a route matches", () => {
  test.each<[unknown, Partial<Routed>, boolean]>([
    [{}, {}, true],
    [{ min_severity: "high" }, {}, true],
    [{ min_severity: "critical" }, {}, false],
    [{ min_severity: "low" }, { severity: "critical" }, true],
    [{ tenant: "acme" }, {}, true],
    [{ tenant: ["other", "ac*"] }, {}, true],
    [{ tenant: "other" }, {}, false],
    [{ rule: "secret-*" }, {}, true],
    [{ rule: "secret-" }, {}, false],
    [{ server: "*" }, {}, true],
    [{ server: "*" }, { server: undefined }, false],
    [{ environment: "prod*" }, {}, true],
    [{ team: ["red", "payments"] }, {}, true],
    [{ notice: ["resolved"] }, {}, false],
    [{ notice: ["opened", "grew"] }, {}, true],
    [{ escalation: 1 }, {}, false],
    [{ escalation: 1 }, { escalation: 2 }, true],
    [{ min_severity: "high", team: "red" }, {}, false],
  ])("%j, %j: %j", (match, routed, isTold) => {
    expect(told([{ match, notify: ["pager"] }], routed)).toEqual(isTold ? ["pager"] : []);
  });
});

test("the first route that fits decides; with continue the next ones add to it", () => {
  const all = [
    { match: { min_severity: "critical" }, notify: ["pager"] },
    { match: { team: "payments" }, notify: ["chat"], continue: true },
    { notify: ["siem"] },
    { notify: ["pager"] },
  ];
  expect(told(all)).toEqual(["chat", "siem"]);
  expect(told(all, { severity: "critical" })).toEqual(["pager"]);
  expect(told(all, { team: "red" })).toEqual(["siem"]);
  expect(told([{ match: { rule: "noise" }, notify: [] }, { notify: ["pager"] }], { rule: "noise" })).toEqual(
    [],
  );
  expect(told([])).toEqual([]);
});

test("without routes it is everybody, from medium on", () => {
  const of = (severity: Routed["severity"]) =>
    notifiersFor({ notifiers: NOTIFIERS }, { ...ROUTED, severity }).size;
  expect([of("critical"), of("medium"), of("low")]).toEqual([3, 3, 0]);
});

describe("tests of routes", () => {
  const config = (
    tests: unknown[],
    given = routes({ match: { min_severity: "high" }, notify: ["pager", "chat"] }),
  ) => ({
    notifiers: NOTIFIERS,
    routes: given,
    route_tests: z.array(routeTestSchema).parse(tests),
  });
  const grave = { name: "grave", incident: { severity: "critical" }, notify: ["chat", "pager"] };

  test("pass in any order, and fail with who is told in place of whom", () => {
    const results = runRouteTests(config([grave, { name: "small", incident: {}, notify: ["chat"] }]));
    expect(results).toMatchObject([
      { name: "grave", passed: true },
      { name: "small", passed: false, expected: ["chat"], told: [] },
    ]);
  });
  test("are mistakes of the file when they fail", () => {
    expect(routingMistakes(config([grave]))).toEqual([]);
    expect(routingMistakes(config([grave, { name: "small", incident: {}, notify: ["chat"] }]))).toEqual([
      { path: ["route_tests", 1], message: '"small" fails: expected chat, the routes tell nobody' },
    ]);
  });
  test("name notifiers that exist", () => {
    expect(routingMistakes(config([grave], routes({ notify: ["pager", "pagr"] })))).toEqual([
      { path: ["routes", 0, "notify", 1], message: "there is no notifier pagr" },
    ]);
  });
});
