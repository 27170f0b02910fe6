import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { EXIT } from "../exit.ts";
import { run } from "../program.ts";

const directory = mkdtempSync(join(tmpdir(), "tripline-response-test-"));
afterAll(() => rmSync(directory, { recursive: true }));

async function check(yaml: string, ...more: string[]) {
  const file = join(directory, "response.yaml");
  writeFileSync(file, yaml);
  const said = { out: "", err: "" };
  const code = await run([...more, "response", "test", file], {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    env: {},
    home: directory,
    now: () => new Date(),
    width: null,
    signal: new AbortController().signal,
  });
  return { code, ...said };
}

const NOTIFIERS = `notifiers:
  - {name: pager, type: pagerduty, routing_key: {env: NOT_READ_HERE}}
  - {name: chat, type: slack, webhook_url: {env: NOT_READ_HERE}}
routes:
  - {match: {min_severity: high}, notify: [pager]}
`;

test("says of each test how it ends, reads no secret, and names who is told nothing", async () => {
  const passed = await check(
    `${NOTIFIERS}route_tests:\n  - {name: grave, incident: {severity: critical}, notify: [pager]}\n`,
  );
  expect(passed).toMatchObject({ code: EXIT.ok, out: "ok  grave\n1 tests of routes, 0 failed\n" });
  expect(passed.err).toContain("no route names the notifier chat");
});

test("a failing one, and all beside it", async () => {
  const failed = await check(
    `${NOTIFIERS}route_tests:\n  - {name: small, incident: {severity: low}, notify: [chat]}\n  - {name: grave, incident: {severity: high}, notify: [pager]}\n`,
  );
  expect(failed.code).toBe(EXIT.failure);
  expect(failed.out).toBe("FAILS  small: expected chat, the routes tell nobody\nok  grave\n");
  expect(failed.err).toContain("2 tests of routes, 1 failed");
});

test.each([
  [`${NOTIFIERS}  - {notify: [pagr]}\n`, "routes.1.notify.0: there is no notifier pagr"],
  ["notifiers: [{name: a, type: pager}]\n", "line 1, notifiers.0.type: expected one of webhook, pagerduty"],
])("%#: a mistake is named", async (yaml, mistake) => {
  const failed = await check(yaml);
  expect(failed.code).not.toBe(EXIT.ok);
  expect(failed.err).toContain(mistake);
});
