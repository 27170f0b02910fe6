import { SEVERITIES, type Severity, TriplineError } from "@tripline/events";
import type { InterceptorPolicyInput } from "@tripline/interceptor";
import { terminalLine } from "@tripline/service/escape";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseCredential } from "../connection/credential.ts";
import { resolveIngest } from "../connection/ingest.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EndedWith, EXIT } from "../exit.ts";
import { serverNameOf } from "../proxy/server-name.ts";
import { globals } from "./command.ts";
import { atLeast, parseListen } from "./options.ts";

interface Options {
  credential?: string;
  server?: string;
  principal?: string;
  agent?: string;
  environment?: string;
  upstreamEnv?: string;
  enforced?: boolean;
  keyFile?: string;
  listen?: { host: string; port: number };
  upstream?: string;
  identity?: string;
  publicUrl?: string;
  hold?: string[];
  holdSeverity: Severity;
  holdMs: number;
  holdUnanswered: "allow" | "refuse";
}

/** `tripline proxy`: stands between a client and an MCP server, over stdio or HTTP. */
export function addProxy(program: Command, context: CommandContext): void {
  program
    .command("proxy [command...]")
    .summary("record and guard an MCP server, over stdio or HTTP")
    .description(
      "Stands between an MCP client and a server: bytes pass unchanged, tool calls are recorded, what is revoked is refused. " +
        "Works on when Tripline is down; what could not be sent is kept and sent later.\n\n" +
        "stdio:  tripline proxy --credential notes -- npx @modelcontextprotocol/server-filesystem /home/ana/notes\n" +
        "HTTP:   tripline proxy --listen 127.0.0.1:4190 --upstream http://127.0.0.1:3000/mcp --identity identity.json\n\n" +
        "Over stdio it ends as the server ends. The server does not see TRIPLINE_INGEST_KEY and TRIPLINE_TOKEN.",
    )
    .option(
      "--credential <id>",
      "stdio: whose calls these are, an id and never a secret; without a scheme it is local:ID",
      parseCredential,
    )
    .option("--server <name>", "the server's name in records and rules (default: by its command or host)")
    .option("--principal <who>", "stdio: on whose behalf")
    .option("--agent <name>", "stdio: which agent")
    .option("--environment <name>", "e.g. production")
    .option(
      "--upstream-env <name>",
      "stdio: the variable that holds the server's own key; alerts name it, nobody reads it",
    )
    .option(
      "--enforced",
      "stdio: the agent has no way around this proxy (else only an other user's parent makes it enforced)",
    )
    .option(
      "--key-file <file>",
      "file with the ingest key (default: TRIPLINE_INGEST_KEY, else as the data directory says)",
    )
    .option("--listen <host:port>", "HTTP: where clients connect", parseListen)
    .option("--upstream <url>", "HTTP: the server's MCP endpoint")
    .option("--identity <file>", "HTTP: whose keys and tokens are recognised (JSON)")
    .option("--public-url <url>", "HTTP: where clients reach the endpoint through this proxy")
    .option(
      "--hold <tools>",
      "calls of these tools wait until the rules have judged them: SERVER/TOOL, SERVER/* or *, with commas between (default: as the collector says)",
      namesOf,
    )
    .addOption(
      new Option(
        "--hold-severity <severity>",
        "with --hold: a finding from this severity on refuses the call",
      )
        .choices(SEVERITIES)
        .default("high"),
    )
    .option("--hold-ms <ms>", "with --hold: how long a call waits at most", holdMs, HOLD_MS)
    .addOption(
      new Option("--hold-unanswered <what>", "with --hold: what becomes of a call without a verdict in time")
        .choices(["allow", "refuse"])
        .default("allow"),
    )
    .action(async (words: string[], options: Options, command: Command) => {
      const ingest = resolveIngest({ ...globals(command), keyFile: options.keyFile }, context);
      const warn = (message: string) => context.err(`tripline: ${terminalLine(message)}\n`);
      const policy = policyOf(options);
      if (options.listen === undefined) {
        const [program_, ...args] = words;
        if (program_ === undefined)
          throw new CommandFailed(EXIT.usage, "name the server's command behind --, or give --listen");
        if (options.credential === undefined) {
          throw new CommandFailed(
            EXIT.usage,
            "whose calls are these? Give --credential ID (an id, never a secret)",
          );
        }
        const { credential, enforced = false } = options;
        const server = options.server ?? serverNameOf(words);
        const { runStdio } = await import("../proxy/run-stdio.ts"); // late: costs each command 100 ms
        const code = await runStdio({
          ...options,
          ingest,
          policy,
          credential,
          enforced,
          server,
          command: program_,
          args,
          warn,
        });
        if (code !== 0) throw new EndedWith(code);
        return;
      }
      const { listen, upstream } = options;
      if (upstream === undefined || words.length > 0) {
        throw new CommandFailed(EXIT.usage, "over HTTP name the server with --upstream URL, and no command");
      }
      const server = options.server ?? hostOf(upstream);
      try {
        const { runHttp } = await import("../proxy/run-http.ts"); // late, for the same reason
        await runHttp({
          ...options,
          ingest,
          policy,
          listen,
          upstream,
          server,
          warn,
          signal: context.signal,
          onReady: (url) => context.err(`proxy for ${server} at ${url}\n`),
        });
      } catch (error) {
        if (error instanceof TriplineError) throw new CommandFailed(EXIT.failure, error.message, error);
        throw error;
      }
    });
}

const HOLD_MS = 50; // the policy's own default
const MAX_HOLD_MS = 5_000; // what the policy takes at most

/** What is said here goes before what the collector says. */
function policyOf({ hold, ...options }: Options): InterceptorPolicyInput {
  if (hold === undefined) return {};
  const { holdMs, holdSeverity, holdUnanswered } = options;
  return { hold: [{ tools: hold, severity: holdSeverity, max_ms: holdMs, unanswered: holdUnanswered }] };
}

function namesOf(text: string): string[] {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.length === 0) throw new InvalidArgumentError("expected SERVER/TOOL, SERVER/* or *.");
  return names;
}

function holdMs(text: string): number {
  const ms = atLeast(1)(text);
  if (ms > MAX_HOLD_MS) throw new InvalidArgumentError(`expected at most ${MAX_HOLD_MS}.`);
  return ms;
}

function hostOf(upstream: string): string {
  if (!URL.canParse(upstream)) throw new CommandFailed(EXIT.usage, "--upstream is not a URL");
  return new URL(upstream).host;
}
