import { TriplineError } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { parseCredential } from "../connection/credential.ts";
import { resolveIngest } from "../connection/ingest.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EndedWith, EXIT } from "../exit.ts";
import { serverNameOf } from "../proxy/server-name.ts";
import { globals } from "./command.ts";
import { parseListen } from "./options.ts";

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
    .action(async (words: string[], options: Options, command: Command) => {
      const ingest = resolveIngest({ ...globals(command), keyFile: options.keyFile }, context);
      const warn = (message: string) => context.err(`tripline: ${terminalLine(message)}\n`);
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

function hostOf(upstream: string): string {
  if (!URL.canParse(upstream)) throw new CommandFailed(EXIT.usage, "--upstream is not a URL");
  return new URL(upstream).host;
}
