import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** Programs of others, and ours around libraries of others, that the ledger is held against. Versions are in `go/go.mod`. */
const TOOLS = {
  /** Reads a log with golang.org/x/mod/sumdb. */
  crosscheck: "./crosscheck",
  /** Checks a log's directory. */
  fsck: "github.com/transparency-dev/tessera/cmd/fsck",
  /** Appends with Tessera's POSIX driver, for the bench. */
  tessera: "./tessera",
  /** An S3 server over a directory, with conditional writes and Object Lock. */
  versitygw: "github.com/versity/versitygw/cmd/versitygw",
} as const;

const BUILD_TIMEOUT_MS = 900_000; // from nothing, versitygw is 600 packages; afterwards Go's cache answers in a second

export type GoTool = keyof typeof TOOLS;

/** How long a hook that builds one may take. */
export const GO_BUILD_MS = BUILD_TIMEOUT_MS;

/** Builds a program in `packages/ledger/go/bin` and returns its path. Needs Go. */
export async function goTool(name: GoTool): Promise<string> {
  const directory = join(import.meta.dirname, "../../go");
  const program = join(directory, "bin", name);
  await promisify(execFile)("go", ["build", "-buildvcs=false", "-o", program, TOOLS[name]], {
    cwd: directory,
    timeout: BUILD_TIMEOUT_MS,
  });
  return program;
}
