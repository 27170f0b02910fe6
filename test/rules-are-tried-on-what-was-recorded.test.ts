import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordsOf, shortRecordSchema } from "@tripline/detection";
import { encodeRecord } from "@tripline/events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CommandContext } from "../packages/cli/src/context.ts";
import { run } from "../packages/cli/src/program.ts";
import { sampleCall } from "../services/console/src/testing/sample-data.ts";
import { startTestConsole, type TestConsole } from "../services/console/src/testing/test-console.ts";

const PORT = 20_830;
const NOW = new Date("2026-11-18T12:00:00.000Z");
const START = Date.parse("2026-11-17T09:00:00.000Z");
const ESC = "\u001b";
const HOSTILE = `/plan${ESC}[31m`;
const calls = Array.from({ length: 120 }, (_, n) =>
  sampleCall(n, START, { server: "files", tool: "read_file" }),
);
const RULE = `title: A plan is read
id: 6a1f9f0e-8f2c-4a53-9b0e-2f5b8a7c1d11
name: plan-read
description: Somebody reads a plan.
references: [https://example.org]
tags: [owasp.asi02]
level: medium
logsource: { category: agent_tool_call }
detection:
  plan: { tool: read_file, "args.path|startswith": /plan }
  condition: plan
falsepositives: [The planner.]
tripline:
  summary: "{credential} read {args.path}"
  why: Plans are secret.
  next: [Ask.]
  quiet: 30s
  tests:
    - { name: a plan, records: [{ tool: read_file, args: { path: /plan } }], alerts: [medium] }
    - { name: a poem, records: [{ tool: read_file, args: { path: /poem } }], alerts: [] }
`;

let server: TestConsole;
let directory: string;
let env: Record<string, string>;

beforeAll(async () => {
  server = await startTestConsole(
    new Map([
      [
        "acme",
        {
          calls,
          // Of the last twenty the payloads have expired, or there were none.
          payloads: new Map(
            calls.slice(0, 100).map((call) => [call.id, { salt: "0".repeat(32), args: { path: HOSTILE } }]),
          ),
          alerts: [],
          revocations: [],
          people: [],
        },
      ],
    ]),
    { port: PORT },
  );
  await server.app.listen({ host: "127.0.0.1", port: PORT });
  env = { TRIPLINE_URL: server.url(), TRIPLINE_TOKEN: await server.token("acme", ["read", "read_payload"]) };
  directory = mkdtempSync(join(tmpdir(), "tripline-rules-"));
  writeFileSync(join(directory, "plan.yaml"), RULE);
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

async function tripline(line: readonly string[], changes: Partial<CommandContext> = {}) {
  let out = "";
  let err = "";
  const code = await run(line, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env,
    home: directory,
    now: () => NOW,
    width: null,
    signal: new AbortController().signal,
    ...changes,
  });
  return { code, out, err };
}

const lines = (text: string) => text.trimEnd().split("\n");

describe("test and lint", () => {
  it("pass a whole rule", async () => {
    const file = join(directory, "plan.yaml");
    expect(await tripline(["rules", "test", directory])).toEqual({
      code: 0,
      err: "",
      out: `ok   ${file}: a plan\nok   ${file}: a poem\n2 cases of 1 files passed\n`,
    });
    expect(await tripline(["rules", "lint", directory, "--strict"])).toMatchObject({
      code: 0,
      out: "1 files: 0 errors, 0 warnings, 0 notes\n",
    });
  });

  it("show what a failing case expected and found, and what the alert says", async () => {
    const file = join(directory, "failing.yml");
    writeFileSync(file, RULE.replace("alerts: [medium]", "alerts: [high, low]"));
    const { code, out, err } = await tripline(["rules", "test", file]);
    expect(code).toBe(1);
    expect(err).toContain("1 of 2 cases failed");
    expect(lines(out).slice(0, 5)).toEqual([
      `FAIL ${file}: a plan`,
      "     1. expected high, found medium",
      "     2. expected low, found nothing",
      "     medium at 2026-01-01T00:00:00.000Z: local:test read /plan",
      "       match: test/read_file",
    ]);
    const { out: json } = await tripline(["rules", "test", file, "--json"]);
    expect(JSON.parse(lines(json)[0] ?? "")).toMatchObject({
      passed: false,
      expected: ["high", "low"],
      found: ["medium"],
    });
    const { code: linted, out: found } = await tripline(["rules", "lint", file]);
    expect(linted).toBe(1);
    expect(found).toContain(
      `${file}: error: its case \`a plan\` expects [high, low] and gives [medium] (case-fails)`,
    );
    rmSync(file);
  });

  it("end with 1 for a file that can't be read as a rule, and for warnings only when strict", async () => {
    const file = join(directory, "bare.yml");
    writeFileSync(file, RULE.replace("falsepositives: [The planner.]\n", ""));
    expect((await tripline(["rules", "lint", file])).code).toBe(0);
    expect((await tripline(["rules", "lint", file, "--strict"])).code).toBe(1);
    writeFileSync(file, RULE.replace("level: medium", "level: grave"));
    const { code, out } = await tripline(["rules", "lint", directory, "--json"]);
    expect(code).toBe(1);
    const findings = lines(out).map((line) => JSON.parse(line));
    expect(findings).toContainEqual(expect.objectContaining({ file, line: 7, code: "invalid" }));
    writeFileSync(file, RULE);
    expect((await tripline(["rules", "lint", directory])).out).toContain("the name `plan-read` is taken by");
    rmSync(file);
  });
});

describe("backtest", () => {
  it("says what would have been raised, for whom, and what could not be judged", async () => {
    const { code, out, err } = await tripline([
      "rules",
      "backtest",
      join(directory, "plan.yaml"),
      "--limit",
      "2",
    ]);
    expect(code).toBe(0);
    expect(err).toBe(""); // no progress where there is no terminal
    expect(out).toContain("120 records from ");
    // One every 30 s for 100 s.
    expect(out).toContain("4 alerts, 0.13 a day; 96 more findings were not repeated");
    expect(out).toContain("plan-read: 4 (4 medium), 0.13 a day");
    expect(out).toContain("4  credential=local:notes");
    expect(out).toContain("20 records had no arguments and results to judge by");
    expect(lines(out).filter((line) => line.includes("local:notes read /plan"))).toHaveLength(2);
    expect(out).not.toContain(ESC);
    expect((await server.readings()).map(({ action }) => action)).toEqual(Array(3).fill("history.read"));
  });

  it("shows how far it is on a terminal, and takes that away again", async () => {
    const { err } = await tripline(["rules", "backtest", "secret-read-then-sent"], { errWidth: 80 });
    expect(err === "" || err.endsWith("\r\u001b[K")).toBe(true);
  });

  it("gives each alert and the figures as JSON", async () => {
    const { out } = await tripline(["rules", "backtest", join(directory, "plan.yaml"), "--json"]);
    const values = lines(out).map((line) => JSON.parse(line));
    expect(values).toHaveLength(5);
    expect(values.at(-1).summary).toMatchObject({ records: 120, payloads_none: 20, alerts: 4, quieted: 96 });
  });

  it("needs read_payload", async () => {
    const token = await server.token("acme", ["read"]);
    const { code, err } = await tripline(["rules", "backtest", join(directory, "plan.yaml")], {
      env: { ...env, TRIPLINE_TOKEN: token },
    });
    expect(code).toBe(4);
    expect(err).toContain("read_payload");
  });
});

describe("explain", () => {
  it("tells why a stored record raised an alert, and a later one did not", async () => {
    const ids = [calls[0]?.id ?? "", calls[1]?.id ?? ""];
    const { code, out } = await tripline(["rules", "explain", join(directory, "plan.yaml"), ...ids]);
    expect(code).toBe(0);
    expect(out).toContain("it raised a medium alert");
    expect(out).toContain("it found something, and its group has had an alert of this severity just before");
    expect(out).toContain("yes condition: plan");
    expect(out).toMatch(/args\.path\|startswith wants "\/plan", found \["\/plan.*"\]/);
    expect(out).toContain("Group by credential: credential=local:notes");
    expect(out).not.toContain(ESC);
  });

  it("reads records from a file, and asks no service", async () => {
    const file = join(directory, "records.ndjson");
    const inputs = recordsOf(
      [{ tool: "read_file", args: { path: "/poem" } }].map((each) => shortRecordSchema.parse(each)),
    );
    writeFileSync(file, inputs.map(({ record }) => `${encodeRecord(record)}\n`).join(""));
    const { code, out } = await tripline(["rules", "explain", join(directory, "plan.yaml"), "--file", file], {
      env: {},
    });
    expect(code).toBe(0);
    expect(out).toContain("its condition does not hold");
    expect(out).toContain('no  args.path|startswith wants "/plan", found ["/poem"]');
    writeFileSync(file, "{}\n");
    const { code: broken, err } = await tripline(["rules", "explain", "call-burst", "--file", file], {
      env: {},
    });
    expect([broken, err.includes(`${file}:1: no record`)]).toEqual([2, true]);
  });

  it("names what it does not know", async () => {
    expect((await tripline(["rules", "explain", "no-such-rule", "x"])).code).toBe(2);
    expect(
      (
        await tripline([
          "rules",
          "explain",
          join(directory, "plan.yaml"),
          "0192f5a0-0000-7000-8000-00000000ffff",
        ])
      ).code,
    ).toBe(3);
  });
});

describe("list", () => {
  it("says when nothing is stored", async () => {
    expect((await tripline(["rules", "list"])).code).toBe(3);
  });
});
