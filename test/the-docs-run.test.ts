import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { parseManifest, parseRuleSettings } from "@tripline/detection";
import { parseIdentityConfig } from "@tripline/interceptor/http-proxy";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseResponseConfig } from "../services/responder/src/settings/response-yaml.ts";
import { blocksOf, brokenLinks, inlineCode, markdownFiles, shellLines } from "./support/markdown.ts";
import { type Standalone, startStandalone } from "./support/standalone.ts";
import { waitFor } from "./support/wait-for.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const FILESYSTEM_SERVER = `${ROOT}node_modules/.bin/mcp-server-filesystem`;
const EVERYTHING_SERVER = `${ROOT}node_modules/.bin/mcp-server-everything`;
const SLOW_MS = 60_000; // starts several processes
const HEX_64 = createHash("sha256").update("an API key").digest("hex");

const files = markdownFiles();
const fileOf = (path: string) => {
  const file = files.find((each) => each.path === path);
  if (file === undefined) throw new Error(`there is no ${path}`);
  return file;
};

/** Somebody's machine: their home, and their PATH without what npm puts before it. */
const home = mkdtempSync(join(tmpdir(), "tripline-docs-"));
const documents = join(home, "documents");
const path = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((each) => !each.includes("node_modules") && !each.includes("node-gyp-bin"))
  .join(delimiter);
const children: ChildProcess[] = [];
let tripline: Standalone;
let env: Record<string, string>;
let sessionId = "";

beforeAll(async () => {
  mkdirSync(documents);
  writeFileSync(join(documents, "notes.txt"), "Buy milk.\n");
  writeFileSync(
    join(home, "identity.json"),
    JSON.stringify({
      api_keys: [{ issuer: "acme", keys: [{ id: "ci", sha256: HEX_64, principal: "ann@example.com" }] }],
    }),
  );
  tripline = await startStandalone();
  env = { PATH: path, HOME: home, TRIPLINE_HOME: tripline.data, NO_COLOR: "1" };
  const client = await connectStdio(
    "npx tripline proxy --credential local:first -- npx @modelcontextprotocol/server-filesystem ~/documents",
  );
  await client.callTool({ name: "read_text_file", arguments: { path: join(documents, "notes.txt") } });
  await client.close();
  sessionId = await waitFor(
    async () => {
      const { calls } = await tripline.json<{ calls: { session: string | null }[] }>("/api/calls");
      return calls[0]?.session;
    },
    { what: "the first call to be recorded" },
  );
}, SLOW_MS);

afterAll(async () => {
  for (const child of children) end(child);
  await tripline?.dispose();
  rmSync(home, { recursive: true, force: true });
});

async function run(line: string): Promise<string> {
  const { stdout } = await promisify(execFile)("bash", ["-c", line], { cwd: ROOT, env });
  return stdout;
}

/** An MCP client that starts `line` as its server; it is connected when `initialize` is answered. */
async function connectStdio(line: string, args: string[] = []): Promise<Client> {
  const transport = new StdioClientTransport({
    command: "bash",
    args: ["-c", line, "docs", ...args],
    cwd: ROOT,
    env,
    stderr: "ignore",
  });
  const client = new Client({ name: "docs", version: "1.0.0" });
  await client.connect(transport);
  return client;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function start(command: string, args: string[], more: Record<string, string> = {}): ChildProcess {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...env, ...more },
    stdio: "ignore",
    detached: true,
  });
  children.push(child);
  return child;
}

/** With all that it started: npx does not pass a signal on. */
function end({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  process.kill(-pid, "SIGTERM");
}

/** Starts a real server, and the line with free ports in place of its own; a client goes through both. */
async function throughHttpProxy(line: string): Promise<void> {
  const [server, listen] = [await freePort(), await freePort()];
  start(process.execPath, [EVERYTHING_SERVER, "streamableHttp"], { PORT: String(server) });
  const own = line
    .replace("127.0.0.1:4190", `127.0.0.1:${listen}`)
    .replace("127.0.0.1:3000", `127.0.0.1:${server}`)
    .replace("identity.json", join(home, "identity.json"));
  start("bash", ["-c", `exec ${own}`]);
  await waitFor(
    async () => {
      const client = new Client({ name: "docs", version: "1.0.0" });
      await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${listen}/mcp`)));
      const { tools } = await client.listTools();
      await client.close();
      return tools.length > 0;
    },
    { timeoutMs: SLOW_MS / 2, what: "a client to reach the server through the proxy" },
  );
}

/** Starts the line on a free port: it has made its key and answers. */
async function asWitness(line: string): Promise<void> {
  const port = await freePort();
  const child = start("bash", ["-c", `exec ${line} --listen 127.0.0.1:${port}`]);
  await waitFor(async () => (await (await fetch(`http://127.0.0.1:${port}/keys`)).text()).includes("+"), {
    timeoutMs: SLOW_MS / 2,
    what: "the witness to say its key",
  });
  end(child);
}

let incidentId: string | undefined;

/** The id of an incident, which a recorded agent led to. */
async function anIncident(): Promise<string> {
  if (incidentId !== undefined) return incidentId;
  await run("npx tripline replay packages/cli/samples/agentdojo.ndjson --speed max");
  incidentId = await waitFor(
    async () => {
      const path = "/api/incidents?state=open&credential=local:replay";
      const { incidents } = await tripline.json<{ incidents: { id: string }[] }>(path);
      return incidents[0]?.id;
    },
    { timeoutMs: SLOW_MS / 2, what: "an incident" },
  );
  return incidentId;
}

const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** Every package that a platform may need is in the lock file: `npm ci` refuses one that leaves some out. */
function lockFileIsWhole(): void {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const missing = Object.entries<{ optionalDependencies?: Record<string, string> }>(packages).flatMap(
    ([at, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in packages) && !(`${at}/node_modules/${name}` in packages),
      ),
  );
  expect(missing).toEqual([]);
}

/** The lines that are not simply run, and what is done in their place. */
const special: [RegExp, (line: string) => void | Promise<void>][] = [
  [
    /^npm ci && npm start$/,
    () => {
      lockFileIsWhole();
      expect(scripts.start).toMatch(/ services\/standalone\/src\/main\.ts$/); // what startStandalone starts
    },
  ],
  [/^npm ci && npm test$/, () => expect(scripts.test).toBe("vitest run")],
  [
    /^npm run demo$/,
    () => {
      expect(scripts.demo).toBe("tripline demo");
      expect(existsSync(join(ROOT, "test/the-demo-stops-a-dangerous-agent.test.ts"))).toBe(true);
    },
  ],
  [
    /^npx tripline log cutover /,
    () => expect(existsSync(join(ROOT, "test/the-log-moves-without-loss.test.ts"))).toBe(true),
  ],
  [/^npx tripline proxy .*--listen /, throughHttpProxy],
  [/^npx tripline witness --name /, asWitness],
  [
    /^npx tripline proxy .* -- /,
    async (line) => {
      const client = await connectStdio(line);
      expect((await client.listTools()).tools.length).toBeGreaterThan(0);
      await client.close();
    },
  ],
  [
    /^npx tripline export .*--out evidence\.tar$/,
    async (line) => {
      await run(line.replace("evidence.tar", join(home, "evidence.tar")));
      expect(existsSync(join(home, "evidence.tar"))).toBe(true);
    },
  ],
  [
    /^npx tripline verify bundle evidence\.tar --policy policy\.txt$/,
    async (line) => {
      const logs = (await run("npx tripline --json ledger path")).trim().split("\n");
      const root = logs.map((log) => JSON.parse(log)).find(({ path }) => path === "root");
      writeFileSync(join(home, "policy.txt"), `log ${root.verifier_key}\nquorum none\n`);
      const own = line.replace("evidence.tar", join(home, "evidence.tar"));
      expect(await run(own.replace("policy.txt", join(home, "policy.txt")))).toContain("verified");
    },
  ],
  [
    /^npx tripline incidents (show|acknowledge) ID/,
    async (line) => {
      const id = await anIncident();
      expect(await run(line.replace("ID", id))).toContain(id.slice(0, 12));
    },
  ],
  [
    /^npx tripline session ID$/,
    async (line) => {
      expect(await run(line.replace("ID", sessionId))).toContain("read_text_file");
    },
  ],
];

describe.each(
  files.map((file) => [file.path, shellLines(file)] as const).filter(([, lines]) => lines.length > 0),
)("the lines of %s", (_path, lines) => {
  it.each(lines)(
    "%s",
    async (line) => {
      const known = special.find(([pattern]) => pattern.test(line));
      if (known !== undefined) await known[1](line);
      else if (line.startsWith("npx tripline ")) await run(line);
      else expect.fail("neither a tripline command nor in the table of this test: say there how it is tried");
    },
    SLOW_MS,
  );
});

describe("commands named in a sentence", () => {
  const named = files.flatMap((file) =>
    inlineCode(file)
      .filter((code) => /^(npx )?tripline [a-z]/.test(code))
      .map((code) => [code.replace(/^npx /, ""), file.path] as const),
  );

  it.each([...new Map(named)])("%s (%s)", async (code) => {
    const words = code.split(" ").slice(1);
    const options = words.filter((word) => word.startsWith("--") && word !== "--");
    const end = words.findIndex((word) => !/^[a-z]+(-[a-z]+)*$/.test(word));
    const command = words.slice(0, end === -1 ? undefined : end);
    const help = await run(`npx tripline ${command.join(" ")} --help`);
    expect(help).toMatch(new RegExp(`^Usage: tripline ${command[0]}`));
    for (const option of options) expect(help).toContain(option);
  });
});

it("files that the docs run with Node are there, and run with the Node that is brought along", () => {
  const commands = files.flatMap(inlineCode).filter((code) => /(^| )node \S+\.ts/.test(code));
  expect(commands.length).toBeGreaterThan(0);
  for (const command of commands) {
    const [, script = ""] = /^npx node (\S+)/.exec(command) ?? [];
    expect(script, command).not.toBe("");
    expect(existsSync(join(ROOT, script)), command).toBe(true);
  }
});

describe("settings shown in the docs", () => {
  const shown = files.flatMap(blocksOf).filter((block) => ["yaml", "json"].includes(block.language));

  it("response.yaml is what the responder takes", () => {
    const [block] = blocksOf(fileOf("docs/respond.md")).filter(({ language }) => language === "yaml");
    expect(parseResponseConfig(block?.text ?? "").notifiers).toHaveLength(1);
  });

  it("every response.yaml on the page of notifiers is what the responder takes", () => {
    const blocks = blocksOf(fileOf("docs/notifiers.md")).filter(({ language }) => language === "yaml");
    expect(blocks.length).toBeGreaterThan(7);
    for (const { text } of blocks) expect(() => parseResponseConfig(text), text).not.toThrow();
  });

  it("the manifest is what the detector takes", () => {
    const [block] = blocksOf(fileOf("docs/detection/tools.md")).filter(({ language }) => language === "yaml");
    const manifest = parseManifest(block?.text ?? "", "manifest.yaml");
    expect(manifest.isApproved("files-eu")).toBe(true);
    expect(manifest.entryOf("github", "delete_repo").limits.calls_per_minute).toBe(10);
  });

  it("settings of rules are what the detector takes", () => {
    const [block] = blocksOf(fileOf("docs/rules/in-force.md")).filter(({ language }) => language === "yaml");
    const settings = parseRuleSettings(block?.text ?? "", "rules.yaml");
    expect(settings.disabled).toContain("tool-new-on-server");
    expect(settings.exceptions).toHaveLength(1);
  });

  it("identity files are what the proxy takes", () => {
    const blocks = ["packages/interceptor/src/http-proxy/README.md", "docs/wrap-a-server.md"]
      .flatMap((each) => blocksOf(fileOf(each)))
      .filter(({ language, text }) => language === "json" && text.includes("api_keys"));
    expect(blocks.length).toBeGreaterThan(0);
    for (const { text } of blocks) {
      const value = JSON.parse(text.replaceAll("<64 hex digits>", HEX_64));
      expect(parseIdentityConfig(value, "example").api_keys).toHaveLength(1);
    }
  });

  it(
    "a client's configuration file starts a server",
    async () => {
      const [block] = blocksOf(fileOf("docs/wrap-a-server.md")).filter(({ text }) =>
        text.includes("mcpServers"),
      );
      const { command, args } = JSON.parse(block?.text ?? "").mcpServers.filesystem;
      const words: string[] = [command, ...args];
      const server = words.indexOf("--") + 1; // what the client started before; npx would fetch it from the network
      expect(words.slice(server, -1)).toEqual(["npx", "-y", "@modelcontextprotocol/server-filesystem"]);
      const wrapped = words.slice(0, server).map((word) => word.replace("/path/to/tripline/", ROOT));
      wrapped.push(FILESYSTEM_SERVER, documents);
      const client = await connectStdio(`cd ${home} && exec "$@"`, wrapped);
      expect((await client.listTools()).tools.length).toBeGreaterThan(0);
      await client.close();
    },
    SLOW_MS,
  );

  it("are all tried", () => {
    const tried = [
      "docs/respond.md yaml",
      "docs/notifiers.md yaml",
      "docs/revokers.md yaml", // by services/responder/src/settings/revokers.test.ts
      "docs/wrap-a-server.md json",
      "docs/wrap-a-server.md yaml", // by services/collector/test/interceptor-policy.test.ts
      "packages/interceptor/src/http-proxy/README.md json",
      "packages/detection/README.md yaml", // by that package's own test, as the language is
      "docs/rules/language.md yaml",
      "docs/detection/tools.md yaml",
      "docs/rules/in-force.md yaml",
    ];
    expect(shown.map(({ file, language }) => `${file} ${language}`)).toSatisfy((all: string[]) =>
      all.every((each) => tried.includes(each)),
    );
  });
});

describe("TypeScript shown in the docs", () => {
  /** Writes an example to a file, with packages found from here. */
  function module(name: string, code: string): string {
    const path = join(home, name);
    const resolved = (_: string, from: string): string => `from ${JSON.stringify(import.meta.resolve(from))}`;
    writeFileSync(path, code.replaceAll(/from "([^"]+)"/g, resolved));
    return path;
  }
  const example = (file: string): string =>
    blocksOf(fileOf(file)).find(({ language }) => language === "ts")?.text ?? "";

  it("a service is put together as packages/service says", async () => {
    const code = `
      import { createContext, createHttpServer, healthOf, operatorRoutes, readProcessConfig, runParts } from "@tripline/service";
      import { httpKeys, observabilityKeys } from "@tripline/service";
      import { z } from "zod";
      const schema = z.object({ ...httpKeys, ...observabilityKeys });
      const part = { name: "example", start: async () => {}, stop: async () => {}, health: () => ({ state: "ready" }) };
      const example = { part, routes: async () => {} };
      ${example("packages/service/README.md")}`;
    const port = await freePort();
    const child = start(process.execPath, [module("service.ts", code), "--port", String(port)]);
    await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok, {
      what: "it to be ready",
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  });

  it("the HTTP proxy's names are exported", async () => {
    const code = example("packages/interceptor/src/http-proxy/README.md");
    const names = /\{(.*)\}/s.exec(code)?.[1]?.trim().replace(/,$/, "") ?? "";
    const check = `for (const each of [${names}]) if (typeof each !== "function") throw new Error("no function");`;
    const child = start(process.execPath, [module("proxy.ts", `${code}${check}`)]);
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
  });

  it("is all tried", () => {
    const tried = [
      "packages/service/README.md",
      "packages/interceptor/src/http-proxy/README.md",
      ...Array(3).fill("packages/interceptor/README.md"), // by that package's own test
    ];
    const shown = files.flatMap(blocksOf).filter(({ language }) => language === "ts");
    expect(shown.map(({ file }) => file).sort()).toEqual(tried.sort());
  });
});

it.each(files.map((file) => [file.path, file] as const))("the links of %s lead somewhere", (_path, file) => {
  expect(brokenLinks(file, existsSync)).toEqual([]);
});
