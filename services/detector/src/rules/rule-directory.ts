import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  parseRules,
  type Rule,
  type RuleFiles,
  type RuleSetProblem,
  SETTINGS_FILE,
  SHIPPED_RULES,
} from "@tripline/detection";
import { TriplineError } from "@tripline/events";

const MAX_RULE_FILES = 1000; // in one directory; a wrong path such as `/` should fail at once

/** Where an operator's own files are. */
export interface RulePlaces {
  /** Rules of their own and `rules.yaml`, besides the shipped rules. */
  directory?: string | undefined;
  manifest?: string | undefined;
  internalHosts?: readonly string[] | undefined;
  trustedServers?: readonly string[] | undefined;
}

/** The files that make a set of rules, and whether they have changed. */
export class RuleDirectory {
  readonly #places: RulePlaces;

  constructor(places: RulePlaces) {
    this.#places = places;
  }

  /** @throws TriplineError TRIPLINE_RULES_UNREADABLE when a directory can't be read; one unreadable file is a problem */
  async read(): Promise<RuleFiles> {
    const { directory, manifest, internalHosts, trustedServers } = this.#places;
    const problems: RuleSetProblem[] = [];
    const shipped = await readAll(
      fileURLToPath(SHIPPED_RULES),
      await namesIn(fileURLToPath(SHIPPED_RULES)),
      problems,
    );
    const names = directory === undefined ? [] : await namesIn(directory);
    const isRule = (name: string): boolean =>
      name !== SETTINGS_FILE &&
      (manifest === undefined || directory === undefined || resolve(directory, name) !== resolve(manifest));
    const own = directory === undefined ? [] : await readAll(directory, names.filter(isRule), problems);
    const hasSettings = directory !== undefined && names.includes(SETTINGS_FILE);
    const [settings] = hasSettings ? await readAll(directory, [SETTINGS_FILE], problems) : [];
    return {
      shipped,
      own,
      settings: settings?.text ?? null,
      manifest: manifest === undefined ? null : await readManifest(manifest),
      world: { internal_hosts: [...(internalHosts ?? [])], trusted_servers: [...(trustedServers ?? [])] },
      problems,
    };
  }

  /** Differs after a change of the operator's files. Cheap: names, sizes and times. A swapped link counts. */
  async signature(): Promise<string> {
    const { directory, manifest } = this.#places;
    const paths = [
      ...(directory === undefined ? [] : (await namesIn(directory)).map((name) => join(directory, name))),
      ...(manifest === undefined ? [] : [manifest]),
    ];
    const marks = await Promise.all(paths.map(markOf));
    return marks.join("\n");
  }
}

/**
 * Reads the shipped rules and, where given, all `*.yaml` and `*.yml` files below an operator's directory; for those who
 * judge by rules that never change.
 * @throws TriplineError TRIPLINE_RULE_INVALID naming file and line, TRIPLINE_RULES_UNREADABLE when a directory can't be read
 */
export async function loadRules(directory?: string): Promise<Rule[]> {
  const { shipped, own } = await new RuleDirectory({ directory }).read();
  return parseRules([...shipped, ...own]);
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    const names = (await readdir(directory, { recursive: true }))
      .filter((name) => /\.ya?ml$/.test(name))
      .sort();
    if (names.length > MAX_RULE_FILES)
      throw unreadable(directory, `it holds more than ${MAX_RULE_FILES} rule files`);
    return names;
  } catch (cause) {
    if (cause instanceof TriplineError) throw cause;
    throw unreadable(directory, cause instanceof Error ? cause.message : "unknown error", cause);
  }
}

async function readAll(
  directory: string,
  names: readonly string[],
  problems: RuleSetProblem[],
): Promise<{ file: string; text: string }[]> {
  const files = await Promise.all(
    names.map(async (file) => {
      try {
        return { file, text: await readFile(join(directory, file), "utf8") };
      } catch (error) {
        problems.push({ file, message: `it can't be read: ${codeOf(error)}` });
        return null;
      }
    }),
  );
  return files.filter((file) => file !== null);
}

async function readManifest(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new TriplineError(
      "TRIPLINE_RULES_UNREADABLE",
      `the manifest ${basename(path)} can't be read: ${codeOf(cause)}`,
      { cause },
    );
  }
}

async function markOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${path} ${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    return `${path} ${codeOf(error)}`; // reading it again will say so
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}

function unreadable(directory: string, why: string, cause?: unknown): TriplineError {
  return new TriplineError("TRIPLINE_RULES_UNREADABLE", `the rules in ${directory} can't be read: ${why}`, {
    cause,
  });
}
