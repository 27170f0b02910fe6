import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readResult, type SuiteResult } from "./compare.ts";

const SUITES = {
  stable: "@modelcontextprotocol/conformance/dist/index.js",
  next: "conformance-next/dist/index.js",
} as const;

const TIMEOUT_MS = 120_000; // a run takes some ten seconds

/** Runs all server scenarios of a suite against the endpoint. Failing checks are results, not errors. */
export async function runSuite(
  suite: keyof typeof SUITES,
  url: string,
  options: readonly string[] = [],
): Promise<SuiteResult> {
  const directory = mkdtempSync(join(tmpdir(), "conformance-"));
  try {
    const script = fileURLToPath(new URL(`../../node_modules/${SUITES[suite]}`, import.meta.url));
    const output = await run([script, "server", "--url", url, "-o", directory, ...options]);
    const result = readResult(directory);
    if (result.size === 0) throw new Error(`the suite wrote no results:\n${output}`);
    return result;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { timeout: TIMEOUT_MS });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-4_000);
      });
    }
    child.on("error", reject);
    child.on("close", (_code, signal) => {
      if (signal === null) resolve(output);
      else reject(new Error(`the suite was ended by ${signal}:\n${output}`));
    });
  });
}
