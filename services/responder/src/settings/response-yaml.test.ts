import { describe, expect, test } from "vitest";
import { DEFAULT_RESPONSE_YAML } from "./default-response.ts";
import { parseResponseConfig, withRuleResponse } from "./response-yaml.ts";

const OFF = {
  notifiers: [],
  route_tests: [],
  egress: { allow_internal: [] },
  incidents: { resolve_after: "24h" },
  escalation: [{ after: "30m", min_severity: "high" }],
  automatic_revocation: { dry_run: false, limit: { keys: 3, minutes: 60 }, never_revoke: [], rules: {} },
};

test.each([
  ["the default file", DEFAULT_RESPONSE_YAML],
  ["an empty file", ""],
  ["only a comment", "# nothing\n"],
  [
    "keys with all lines commented out",
    "notifiers:\nroutes:\nroute_tests:\negress:\nautomatic_revocation:\n  limit:\n  never_revoke:\n  rules:\n",
  ],
])("%s sends nothing and revokes nothing", (_what, text) => {
  expect(parseResponseConfig(text)).toMatchObject(OFF);
});

test("the default file's commented examples are valid as well", () => {
  const lines = DEFAULT_RESPONSE_YAML.replace(/^(notifiers: \[\]| +rules: \{\})$/gm, "").split("\n");
  let inExample = false;
  const uncommented = lines
    .map((line) => {
      inExample =
        /^ *# (notifiers|routes|route_tests|egress|rules):$/.test(line) ||
        (inExample && line.trim().startsWith("#"));
      return inExample ? line.replace("# ", "") : line;
    })
    .join("\n");
  const config = parseResponseConfig(uncommented);
  expect(config.notifiers).toEqual([
    {
      name: "on-call",
      type: "webhook",
      url: "https://alerts.example.com/tripline",
      secret: { env: "TRIPLINE_WEBHOOK_SECRET" },
      format: "tripline",
    },
  ]);
  expect(config.routes).toHaveLength(2);
  expect(config.route_tests).toHaveLength(1);
  expect(config.egress.allow_internal).toHaveLength(2);
  expect(config.automatic_revocation.rules["secret-read-then-sent"]).toEqual({
    enabled: true,
    credentials: ["local:alice"],
    expires_after: "24h",
  });
});

describe("a mistake is named with its line and path", () => {
  test.each([
    [
      "notifiers:\n  - name: a\n    type: webhook\n    url: ftp://x\n    secret: {env: S}\n",
      "line 4, notifiers.0.url: expected an http",
    ],
    [
      "notifiers:\n  - name: a\n    type: webhook\n    url: http://u:p@x/\n    secret: {env: S}\n",
      "line 4, notifiers.0.url: an address with",
    ],
    [
      "notifiers:\n  - name: a\n    type: webhook\n    url: http://x/\n    secret: {}\n",
      "line 5, notifiers.0.secret: give either env or file",
    ],
    [
      "notifiers:\n  - {name: a, type: pager}\n",
      "line 2, notifiers.0.type: expected one of webhook, pagerduty",
    ],
    [
      "notifiers:\n  - {name: a, type: webhook, url: http://x/, secret: whsec_AAAA}\n",
      "line 2, notifiers.0.secret: Invalid input: expected object",
    ],
    ["routes: [{notify: [b]}]\n", "line 1, routes.0.notify.0: there is no notifier b"],
    ["egress: {allow_internal: [10.0.0.0/40]}\n", "line 1, egress.allow_internal.0: expected a host name"],
    [
      "routes: []\nroute_tests:\n  - name: nobody\n    incident: {}\n    notify: []\n  - {name: who, incident: {}, notify: [x]}\n",
      "line 6, route_tests.1.notify.0: there is no notifier x",
    ],
    ["notifiers: []\nautomatic_revokation: {}\n", "line 2, automatic_revokation: "],
    [
      "automatic_revocation:\n  rules:\n    a:\n      enabled: yes\n",
      "line 4, automatic_revocation.rules.a.enabled",
    ],
    [
      "automatic_revocation:\n  rules:\n    a:\n      dry_run: true\n",
      "line 3, automatic_revocation.rules.a.enabled",
    ],
    [
      "automatic_revocation:\n  rules:\n    a: {enabled: true, scope: server}\n",
      "line 3, automatic_revocation.rules.a.scope",
    ],
    ["automatic_revocation:\n  rules:\n    a: {enabled: true, expires_after: 24}\n", "rules.a.expires_after"],
    ["automatic_revocation:\n  limit: {keys: 0, minutes: 1}\n", "line 2, automatic_revocation.limit.keys"],
    ["a: [1,\n", "not YAML"],
    ["notifiers: []\nnotifiers: []\n", "line 2: not YAML: Map keys must be unique"],
  ])("%j: %s", (text, message) => {
    expect(() => parseResponseConfig(text)).toThrow(message);
  });
});

describe("editing one rule", () => {
  test("keeps every comment of the default file, and switches the rule on", () => {
    const edited = withRuleResponse(DEFAULT_RESPONSE_YAML, "burst", {
      enabled: true,
      credentials: ["local:demo"],
    });
    const comments = (text: string) => text.split("\n").filter((line) => line.trim().startsWith("#"));
    expect(comments(edited)).toEqual(comments(DEFAULT_RESPONSE_YAML));
    expect(edited).toContain(
      "  rules:\n    burst:\n      enabled: true\n      credentials: [ local:demo ]\n",
    );
    expect(parseResponseConfig(edited).automatic_revocation.rules).toEqual({
      burst: { enabled: true, credentials: ["local:demo"] },
    });
  });
  test("replaces the settings of a rule and leaves the other and the comments between", () => {
    const text =
      "automatic_revocation:\n  rules:\n    # about a\n    a:\n      enabled: true # since May\n      expires_after: 7d\n    b: {enabled: true}\n";
    expect(withRuleResponse(text, "a", { enabled: false, scope: "session" })).toBe(
      "automatic_revocation:\n  rules:\n    # about a\n    a:\n      enabled: false # since May\n      scope: session\n    b: { enabled: true }\n",
    );
  });
  test.each(["", "automatic_revocation:\n", "automatic_revocation:\n  rules:\n"])(
    "starts from %j",
    (text) => {
      const edited = withRuleResponse(text, "a", { enabled: true });
      expect(parseResponseConfig(edited).automatic_revocation.rules).toEqual({ a: { enabled: true } });
    },
  );
  test("a rule id that YAML would read otherwise stays text", () => {
    const edited = withRuleResponse("", "true: [x", { enabled: true });
    expect(Object.keys(parseResponseConfig(edited).automatic_revocation.rules)).toEqual(["true: [x"]);
  });
  test("a file with a mistake is not edited", () => {
    expect(() => withRuleResponse("limits: 1\n", "a", { enabled: true })).toThrow("line 1, limits");
  });
});
