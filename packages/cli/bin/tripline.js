#!/usr/bin/env node
// Starts the command on a Node that runs TypeScript as it is (24 or newer): this one, or the one that the `node` package brings.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_MAJOR = 24;

if (Number(process.versions.node.split(".")[0]) >= OLDEST_MAJOR) {
  await import("../src/main.ts");
} else {
  const node = bundledNode();
  if (node === null) {
    process.stderr.write(
      `tripline needs Node ${OLDEST_MAJOR} or newer; this is ${process.version}. ` +
        "Run `npm ci` in the project (it brings its own Node), or install a newer one.\n",
    );
    process.exit(1);
  }
  const entry = fileURLToPath(import.meta.url);
  const child = spawn(node, [entry, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** The binary of the `node` npm package, where it is installed. */
function bundledNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve("node/package.json"));
    const binary = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
    return existsSync(binary) ? binary : null;
  } catch (error) {
    if (error.code === "MODULE_NOT_FOUND") return null;
    throw error;
  }
}
