import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { alertmanagerMissing } from "../../infra/alertmanager/alertmanager.ts";

/** Things that tests need and that a machine may lack. `TRIPLINE_REQUIRE_ALL=1` turns a lack into a failure. */
export type Requirement =
  | "kafka"
  | "keycloak"
  | "chromium"
  | "python"
  | "go"
  | "openssl"
  | "shared-traces"
  | "alertmanager";

export const CHROMIUM = process.env.TRIPLINE_CHROMIUM ?? "/usr/bin/chromium";

const javaAndMaven = (): string | null =>
  runs("java", "-version") && runs("mvn", "--version") ? null : "Java 17 and Maven are not installed";

const checks: Record<Requirement, () => string | null> = {
  alertmanager: alertmanagerMissing,
  kafka: javaAndMaven,
  keycloak: javaAndMaven,
  chromium: () => (existsSync(CHROMIUM) ? null : `${CHROMIUM} does not exist (set TRIPLINE_CHROMIUM)`),
  python: () =>
    runs("python3", "-c", "import venv, ensurepip") ? null : "Python 3 with venv is not installed",
  go: () => (runs("go", "version") ? null : "Go 1.25 or newer is not installed"),
  openssl: () => (runs("openssl", "ts", "-help") ? null : "openssl with `ts` is not installed"),
  "shared-traces": () =>
    existsSync(new URL("../../../shared/traces/dev.ndjson.gz", import.meta.url))
      ? null
      : "the full traces are not beside the project",
};

/** For `describe.skipIf(requirement("kafka").missing)`: throws instead when everything is required. */
export function requirement(name: Requirement): { missing: boolean; reason: string } {
  const reason = checks[name]();
  if (reason !== null && process.env.TRIPLINE_REQUIRE_ALL === "1") {
    throw new Error(`${name} is required here: ${reason}`);
  }
  if (reason !== null) console.warn(`skipping tests that need ${name}: ${reason}`);
  return { missing: reason !== null, reason: reason ?? "" };
}

function runs(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
