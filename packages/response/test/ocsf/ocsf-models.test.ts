import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { NOTICES } from "@tripline/events";
import { beforeAll, describe, expect, test } from "vitest";
import { requirement } from "../../../../test/support/requirements.ts";
import { testNotification } from "../../src/notification.ts";
import { ocsfFinding } from "../../src/notifiers/formats/ocsf.ts";
import { TEST_NOW } from "../../src/testing/recording-server.ts";
import { hostileIncident, sampleNotification } from "../../src/testing/sample-incident.ts";

const INSTALL_MS = 300_000; // a virtual environment and a handful of packages from a package index
const requirements = fileURLToPath(new URL("requirements.txt", import.meta.url));
const VERSION = readFileSync(requirements, "utf8").trim().replace("==", "-");
const ENVIRONMENT = fileURLToPath(new URL(`../../../../node_modules/.cache/${VERSION}/`, import.meta.url));
const PYTHON = `${ENVIRONMENT}bin/python`;
const INSTALLED = `${ENVIRONMENT}installed`;

function install(): void {
  if (existsSync(INSTALLED)) return;
  rmSync(ENVIRONMENT, { recursive: true, force: true });
  mkdirSync(ENVIRONMENT, { recursive: true });
  const run = (command: string, ...args: string[]): void => {
    execFileSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  };
  run("python3", "-m", "venv", ENVIRONMENT);
  run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements);
  run(PYTHON, "-c", `open(${JSON.stringify(INSTALLED)}, "w").close()`);
}

const { missing, reason } = requirement("python");

describe.skipIf(missing)(`the models of OCSF, by others ${reason}`, () => {
  let answers: { version: string; error: string | null; unknown: string[] }[] = [];
  const about = {
    tenant: "acme",
    notifier: "siem",
    by: "ana",
    now: TEST_NOW,
    publicUrl: "https://t.example",
  };
  const valid = [
    ...NOTICES.map((kind) => ocsfFinding(sampleNotification(kind), TEST_NOW)),
    ocsfFinding(sampleNotification("opened", hostileIncident()), TEST_NOW),
    ocsfFinding(testNotification(about), TEST_NOW),
    ocsfFinding(sampleNotification("grew"), TEST_NOW, { maxEvidence: 0 }),
  ];
  const { finding_info: _missing, ...withoutInfo } = Object(valid[0]);
  const odd = { ...valid[0], finding_info: { ...Object(valid[0]).finding_info, nonsense: 1 } };
  const invalid = [withoutInfo, { ...valid[0], activity_id: 7 }, { ...valid[0], time: "soon" }];

  beforeAll(() => {
    install();
    const script = fileURLToPath(new URL("check_findings.py", import.meta.url));
    const input = [...valid, ...invalid, odd].map((finding) => JSON.stringify(finding)).join("\n");
    const output = execFileSync(PYTHON, [script], { input, encoding: "utf8" });
    answers = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  }, INSTALL_MS);

  test("take every finding, and know every key in it", () => {
    expect(answers).toHaveLength(valid.length + invalid.length + 1);
    for (const [index, finding] of valid.entries()) {
      expect(answers[index]).toEqual({ version: Object(finding.metadata).version, error: null, unknown: [] });
    }
  });
  test("refuse what is none", () => {
    for (const answer of answers.slice(valid.length, -1)) expect(answer.error).not.toBe(null);
    expect(answers.at(-1)).toMatchObject({ error: null, unknown: ["finding_info.nonsense"] });
  });
});

test("class, category and type fit each other, as the schema computes them", () => {
  for (const kind of NOTICES) {
    const finding = ocsfFinding(sampleNotification(kind), TEST_NOW);
    expect(finding.type_uid).toBe(Number(finding.class_uid) * 100 + Number(finding.activity_id));
    expect(Math.floor(Number(finding.class_uid) / 1000)).toBe(finding.category_uid);
  }
  const states = (["opened", "acknowledged", "false_positive", "resolved"] as const).map(
    (kind) => ocsfFinding(sampleNotification(kind), TEST_NOW).status,
  );
  expect(states).toEqual(["New", "In Progress", "Suppressed", "Resolved"]);
});
