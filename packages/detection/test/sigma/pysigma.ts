import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = new URL("./", import.meta.url);
const requirements = fileURLToPath(new URL("requirements.txt", here));
const VERSION = readFileSync(requirements, "utf8").trim().replace("==", "-");
const ENVIRONMENT = fileURLToPath(new URL(`../../../../node_modules/.cache/${VERSION}/`, here));
const PYTHON = `${ENVIRONMENT}bin/python`;
const INSTALLED = `${ENVIRONMENT}installed`;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** What pySigma says of one rule file. */
export type PysigmaAnswer = { documents: unknown[] } | { error: string };

/** Puts the pinned pySigma into a virtual environment of its own, once. */
export function installPysigma(): void {
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

/** Lets pySigma read rule files. */
export function readByPysigma(files: readonly string[]): Map<string, PysigmaAnswer> {
  const script = fileURLToPath(new URL("pysigma_trees.py", here));
  const answer = execFileSync(PYTHON, [script], {
    input: JSON.stringify(files),
    encoding: "utf8",
    maxBuffer: MAX_ANSWER_BYTES,
  });
  const parsed: Record<string, PysigmaAnswer> = JSON.parse(answer);
  return new Map(Object.entries(parsed));
}
