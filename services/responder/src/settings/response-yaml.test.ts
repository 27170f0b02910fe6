import { describe, expect, test } from "vitest";
import { DEFAULT_RESPONSE_YAML } from "./default-response.ts";
import { parseResponseConfig, withRuleResponse } from "./response-yaml.ts";

const OFF = {
  webhooks: [],
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
    "webhooks:\nautomatic_revocation:\n  limit:\n  never_revoke:\n  rules:\n",
  ],
])("%s sends nothing and revokes nothing", (_what, text) => {
  expect(parseResponseConfig(text)).toMatchObject(OFF);
});

test("the default file's commented examples are valid as well", () => {
  const lines = DEFAULT_RESPONSE_YAML.replace(/^(webhooks: \[\]| +rules: \{\})$/gm, "").split("\n");
  let inExample = false;
  const uncommented = lines
    .map((line) => {
      inExample = /^ *# (webhooks|rules):$/.test(line) || (inExample && line.trim().startsWith("#"));
      return inExample ? line.replace("# ", "") : line;
    })
    .join("\n");
  const config = parseResponseConfig(uncommented);
  expect(config.webhooks).toEqual([
    {
      name: "on-call",
      url: "https://alerts.example.com/tripline",
      secret_env: "TRIPLINE_WEBHOOK_SECRET",
      min_severity: "medium",
      tenants: ["acme"],
    },
  ]);
  expect(config.automatic_revocation.rules["secret-read-then-sent"]).toEqual({
    enabled: true,
    credentials: ["local:alice"],
    expires_after: "24h",
  });
});

describe("a mistake is named with its line and path", () => {
  test.each([
    [
      "webhooks:\n  - name: a\n    url: ftp://x\n    secret_env: S\n",
      "line 3, webhooks.0.url: expected an http",
    ],
    [
      "webhooks:\n  - name: a\n    url: http://u:p@x/\n    secret_env: S\n",
      "line 3, webhooks.0.url: an address with",
    ],
    [
      "webhooks:\n  - name: a\n    url: http://x/\n",
      "line 2, webhooks.0: give either secret_env or secret_file",
    ],
    ["webhooks: []\nautomatic_revokation: {}\n", "line 2, automatic_revokation: "],
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
    ["webhooks: []\nwebhooks: []\n", "line 2: not YAML: Map keys must be unique"],
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
