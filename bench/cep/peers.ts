import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Question } from "./questions.ts";

const run = promisify(execFile);
const FETCH_TIMEOUT_MS = 300_000; // 60 MB the first time
const COMPILE_TIMEOUT_MS = 120_000;

/** An engine of others: a folder with a `pom.xml` that names its jars and a `Peer.java` that asks it. */
export interface Peer {
  name: string;
  folder: string;
  /** What it cannot be asked. */
  unable: readonly Question[];
  javaOptions: readonly string[];
}

export const PEERS: readonly Peer[] = [
  { name: "Esper 9.0.0", folder: "esper", unable: [], javaOptions: [] },
  { name: "Siddhi 5.1.30", folder: "siddhi", unable: [], javaOptions: [] },
  {
    name: "Flink CEP 2.1.0",
    folder: "flink",
    unable: ["distinct"], // its patterns have no counts of values
    javaOptions: [
      "--add-opens=java.base/java.util=ALL-UNNAMED",
      "--add-opens=java.base/java.lang=ALL-UNNAMED",
    ],
  },
];

/** The class path of a peer; its jars are fetched once. Needs Java 17 and Maven. */
export async function classPathOf({ folder }: Peer): Promise<string> {
  const peers = join(import.meta.dirname, "peers");
  const libs = join(import.meta.dirname, "libs", folder);
  const jars = join(libs, "jars");
  if (!existsSync(jars)) {
    const fresh = join(libs, "fresh");
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(libs, { recursive: true });
    const goal = [
      "-q",
      "-B",
      "dependency:copy-dependencies",
      `-DoutputDirectory=${fresh}`,
      "-DincludeScope=runtime",
    ];
    await run("mvn", goal, { cwd: join(peers, folder), timeout: FETCH_TIMEOUT_MS });
    renameSync(fresh, jars);
  }
  const classes = join(libs, "classes");
  rmSync(classes, { recursive: true, force: true });
  mkdirSync(classes);
  const shared = readdirSync(join(peers, "shared")).map((file) => join(peers, "shared", file));
  const sources = [...shared, join(peers, folder, "Peer.java")];
  const javac = ["-nowarn", "-cp", join(jars, "*"), "-d", classes, ...sources];
  await run("javac", javac, { timeout: COMPILE_TIMEOUT_MS });
  return `${join(jars, "*")}:${classes}`;
}
