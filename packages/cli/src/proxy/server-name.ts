const RUNNERS = new Set([
  "npx",
  "bunx",
  "pnpx",
  "uvx",
  "pipx",
  "node",
  "bun",
  "deno",
  "python",
  "python3",
  "uv",
  "env",
]);
const RUNNER_WORDS = new Set(["run", "exec", "dlx", "-y", "--yes", "-q", "-m"]);
const UNNAMED = "server";

/**
 * A name for the server that a command line starts: its package or script without scope, version and ending.
 * `npx -y @modelcontextprotocol/server-filesystem@1 DIR` is `server-filesystem`.
 */
export function serverNameOf(commandLine: readonly string[]): string {
  for (const word of commandLine) {
    const base = word.split(/[/\\]/).at(-1) ?? "";
    if (RUNNERS.has(base.replace(/\.exe$/, "")) || RUNNER_WORDS.has(word) || word.startsWith("-")) continue;
    if (/^\w+=/.test(word)) continue; // a variable for `env`
    const name = base.replace(/@[^@]*$/, "").replace(/\.(m?[jt]s|cjs|py|exe|sh)$/, "");
    return /^[\w.-]{1,128}$/.test(name) ? name : UNNAMED;
  }
  return UNNAMED;
}
