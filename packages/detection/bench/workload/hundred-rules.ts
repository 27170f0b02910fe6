import { hash } from "node:crypto";
import { parseRules, type Rule } from "../../src/index.ts";
import { TOOLS } from "./tools.ts";

/**
 * Rules as a security team would write them over the tools of `tools.ts`: in each hundred 30 patterns of one record, 35
 * sequences, 25 counts of calls, 10 counts of values. Deterministic; rules of later hundreds differ in what they name.
 */
export function benchRules(count: number): Rule[] {
  return parseRules(
    Array.from({ length: count }, (_, index) => ({
      file: `bench-${index}.yaml`,
      text: ruleText(index),
    })),
  );
}

const SHARES = { match: 30, sequence: 35, eventCount: 25 }; // of a hundred; the rest counts values

function ruleText(index: number): string {
  const place = (index * 37) % 100; // 37 and 100 share no factor: any few rules are a mixture
  const n = index;
  if (place < SHARES.match) return matchRule(n);
  if (place < SHARES.match + SHARES.sequence) return sequenceRule(n);
  if (place < SHARES.match + SHARES.sequence + SHARES.eventCount) return eventCountRule(n);
  return valueCountRule(n);
}

const READS = TOOLS.filter(({ acts }) => !acts).map(({ tool }) => tool);
const ACTS = TOOLS.filter(({ acts }) => acts).map(({ tool }) => tool);
const pick = (list: readonly string[], n: number): string => list[n % list.length] ?? "";

function named(n: number): string[] {
  const id = hash("sha256", `bench ${n}`, "hex");
  return [
    `title: Bench rule ${n}`,
    `name: bench-${n}`,
    `id: ${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}-8${id.slice(17, 20)}-${id.slice(20, 32)}`,
    "level: low",
  ];
}

function detecting(detection: readonly string[]): string[] {
  return ["logsource: { category: agent_tool_call }", "detection:", ...detection.map((line) => `  ${line}`)];
}

function head(n: number, detection: readonly string[]): string[] {
  return [...named(n), ...detecting(detection)];
}

/** What a correlation counts. */
function base(n: number, detection: readonly string[]): string[] {
  return [`title: Base of bench rule ${n}`, `name: base_${n}`, ...detecting(detection), "---"];
}

const PATTERNS: readonly ((n: number) => string[])[] = [
  (n) => [
    "selection:",
    `  tool|endswith: [${pick(READS, n)}, ${pick(READS, n + 5)}]`,
    `  args.path|contains: [/etc/shadow, id_rsa, .kube/config, secret-${n}]`,
    "condition: selection",
  ],
  (n) => [
    "selection:",
    "  tool|contains: [execute, command, shell]",
    `  args.command|re: '\\b(?:rm\\s+-rf|mkfs|dd\\s+if=|chmod\\s+777|nc\\s+-e|case-${n}x)\\b'`,
    "condition: selection",
  ],
  (n) => [
    "selection:",
    `  server: [db, warehouse-${n}]`,
    "  args.sql|re|i: '\\b(?:drop|truncate|alter)\\s+table\\b'",
    "condition: selection",
  ],
  (n) => [
    "selection:",
    "  effect: destructive",
    `  environment: [production, live-${n}]`,
    "condition: selection",
  ],
  (n) => [
    "selection:",
    `  tool: [${pick(ACTS, n)}, ${pick(ACTS, n + 7)}]`,
    "  args.to|endswith: ['@rival.example', '@freemail.example']",
    "filter:",
    `  principal|startswith: admin-${n}`,
    "condition: selection and not filter",
  ],
  (n) => [
    "selection:",
    "  outcome: [denied, timeout]",
    `  tool|startswith: ${pick(ACTS, n)}`,
    "condition: selection",
  ],
  (n) => [
    "selection:",
    `  tool: [${pick(READS, n)}, ${pick(READS, n + 3)}]`,
    "  result|contains: ['BEGIN RSA PRIVATE KEY', 'AKIA', 'xoxb-']",
    "condition: selection",
  ],
  (n) => [
    "selection:",
    "  effect: external_sink",
    `  args.url|re: '^https?://(?:\\d{1,3}\\.){3}\\d{1,3}(?:[:/]|$)|\\.onion(?:/|$)|host${n}\\.example'`,
    "condition: selection",
  ],
  (n) => [
    "selection:",
    "  result_items|gt: 5000",
    `  server: [${TOOLS[n % TOOLS.length]?.server ?? ""}]`,
    "condition: selection",
  ],
  (n) => [
    "selection:",
    `  args|contains: ['../../../', '169.254.169.254', 'marker-${n}']`,
    "condition: selection",
  ],
];

function matchRule(n: number): string {
  const detection = PATTERNS[n % PATTERNS.length]?.(n) ?? [];
  return [...head(n, detection), "tripline: { quiet: 1h }"].join("\n");
}

const TOUCHY = [
  "'.env'",
  "pricing.md",
  "q3.csv",
  "invoice",
  "config",
  "'customer = 7'",
  "team-3",
  "service-",
  "release",
];
const WARNING_SIGNS = [
  "partner.example",
  "/tmp/",
  "--force",
  "case77",
  "prod",
  "9000",
  "viewer",
  "AT6119",
  "day 3",
];

function sequenceRule(n: number): string {
  const three = n % 3 === 0;
  const byEffect = n % 5 === 0;
  const link = n % 7 === 0;
  const steps = ["a", ...(three ? ["b"] : []), "c"];
  const detection = [
    byEffect
      ? "a: { effect: reads_secret }"
      : `a: { tool|endswith: [${pick(READS, n)}, ${pick(READS, n + 4)}], args|contains: [${pick(TOUCHY, n)}, ${pick(TOUCHY, n + 3)}] }`,
    ...(three ? [`b: { tool: [${pick(ACTS, n + 2)}, ${pick(ACTS, n + 9)}], outcome: ok }`] : []),
    byEffect
      ? `c: { effect: external_sink, tool: ${pick(ACTS, n)} }`
      : `c: { tool: ${pick(ACTS, n)}, args|contains: ['${pick(WARNING_SIGNS, n)}', '${pick(WARNING_SIGNS, n + 1)}'] }`,
  ];
  return [
    ...head(n, detection),
    "tripline:",
    "  sequence:",
    "    steps:",
    ...steps.map((step) => `      - { name: ${step}, match: ${step} }`),
    `    within: ${(n % 6) * 5 + 5}m`,
    ...(n % 4 === 0 ? ["    group-by: [credential]"] : []),
    ...(link ? ["    link: { from: a, to: c, value: medium, secret: high }"] : []),
  ].join("\n");
}

function eventCountRule(n: number): string {
  const detection =
    n % 4 === 0
      ? ["call: { outcome: [tool_error, protocol_error, denied] }", "condition: call"]
      : [`call: { tool: [${pick(ACTS, n)}, ${pick(ACTS, n + 6)}] }`, "condition: call"];
  return [
    ...base(n, detection),
    ...named(n),
    "correlation:",
    "  type: event_count",
    `  rules: base_${n}`,
    `  group-by: [${n % 3 === 0 ? "session" : "credential"}]`,
    `  timespan: ${(n % 5) + 1}m`,
    `  condition: { gte: ${100 + (n % 5) * 100} }`,
  ].join("\n");
}

function valueCountRule(n: number): string {
  const field = pick(["args.path", "args.to", "server", "tool", "args.url"], n);
  return [
    ...base(n, [
      `call: { tool: [${pick(READS, n)}, ${pick(ACTS, n)}, ${pick(READS, n + 1)}] }`,
      "condition: call",
    ]),
    ...named(n),
    "correlation:",
    "  type: value_count",
    `  rules: base_${n}`,
    "  group-by: [credential]",
    "  timespan: 10m",
    `  condition: { field: ${field}, gte: ${40 + (n % 4) * 20} }`,
  ].join("\n");
}
