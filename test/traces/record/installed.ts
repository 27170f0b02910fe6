import type { Start } from "./session.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;
/** Where README.md says to install the servers that the repository does not depend on. */
const HOME = process.env.TRACE_SERVERS;
if (HOME === undefined)
  throw new Error("set TRACE_SERVERS to the folder with the servers of test/traces/README.md");

const node = (script: string, ...args: string[]): Start => ({
  command: process.execPath,
  args: [script, ...args],
});
const python = (venv: string, name: string, ...args: string[]): Start => ({
  command: `${HOME}/py/${venv}/bin/${name}`,
  args,
});
const npm = (script: string, ...args: string[]): Start => node(`${HOME}/npm/node_modules/${script}`, ...args);

/** The servers that are really started, by what they serve. */
export const installed = {
  filesystem: (dir: string) =>
    node(`${ROOT}node_modules/@modelcontextprotocol/server-filesystem/dist/index.js`, dir),
  git: (repository: string) => python("a", "mcp-server-git", "--repository", repository),
  fetch: (proxy: string) =>
    python("a", "mcp-server-fetch", "--proxy-url", proxy, "--allow-private-ips", "--ignore-robots-txt"),
  time: () => python("a", "mcp-server-time", "--local-timezone", "Europe/Berlin"),
  sqlite: (file: string) => python("b", "mcp-server-sqlite", "--db-path", file),
  excel: () => python("b", "excel-mcp-server", "stdio"),
  word: (dir: string): Start => ({ ...python("b", "word_mcp_server"), cwd: dir }),
  duckdb: (file: string) => python("c", "mcp-server-motherduck", "--db-path", file, "--read-write"),
  memory: (file: string): Start => ({
    ...npm("@modelcontextprotocol/server-memory/dist/index.js"),
    env: { MEMORY_FILE_PATH: file },
  }),
  thinking: () => npm("@modelcontextprotocol/server-sequential-thinking/dist/index.js"),
  vault: (dir: string) => npm("mcp-obsidian/dist/index.js", dir),
  postgres: (url: string) => npm("@modelcontextprotocol/server-postgres/dist/index.js", url),
  terminal: (home: string): Start => ({
    ...npm("@wonderwhy-er/desktop-commander/dist/index.js", "--no-onboarding"),
    env: { HOME: home },
    cwd: home,
  }),
  browser: (proxy: string) =>
    npm(
      "@playwright/mcp/cli.js",
      "--headless",
      "--isolated",
      "--no-sandbox",
      "--executable-path",
      "/usr/bin/chromium",
      "--proxy-server",
      proxy,
    ),
  /** A server written here: `module` exports `tools(seed)`. */
  own: (module: string, seed: string) => node(`${ROOT}test/traces/servers/serve.ts`, module, seed),
};
