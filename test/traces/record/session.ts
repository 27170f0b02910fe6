import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { ToolListing } from "../form/tool.ts";
import type { TraceCall } from "../form/trace.ts";

/** How an MCP server is started over stdio. */
export interface Start {
  command: string;
  args: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** Clients that join several servers put the server's name before the tool's. */
  prefix?: string;
}

export interface Told {
  text: string;
  failed: boolean;
}

/** One agent's session with its servers; every call is noted as it is answered. */
export class Session {
  readonly calls: TraceCall[] = [];
  readonly tools: ToolListing[] = [];
  readonly #owner = new Map<string, { client: Client; name: string }>();
  readonly #clients: Client[] = [];
  readonly #cap: number | null;

  private constructor(cap: number | null) {
    this.#cap = cap;
  }

  static async open(starts: readonly Start[], cap: number | null): Promise<Session> {
    const session = new Session(cap);
    for (const start of starts) await session.#join(start);
    return session;
  }

  async #join(start: Start): Promise<void> {
    const client = new Client({ name: "recorder", version: "1.0.0" });
    await client.connect(
      new StdioClientTransport({
        command: start.command,
        args: start.args,
        env: { PATH: process.env.PATH ?? "", LANG: "C.UTF-8", ...start.env },
        stderr: "ignore",
        ...(start.cwd === undefined ? {} : { cwd: start.cwd }),
      }),
    );
    this.#clients.push(client);
    const { tools } = await client.listTools();
    for (const { name, description, inputSchema, annotations } of tools) {
      const shown = `${start.prefix ?? ""}${name}`;
      if (this.#owner.has(shown)) throw new Error(`two servers offer ${shown}: give one a prefix`);
      this.#owner.set(shown, { client, name });
      const schema = inputSchema as ToolListing["inputSchema"];
      this.tools.push({
        name: shown,
        description,
        inputSchema: schema,
        ...(annotations ? { annotations } : {}),
      });
    }
  }

  /** Calls a tool and answers its whole text, also where the trace keeps less of it. */
  async call(tool: string, args: Record<string, unknown> = {}): Promise<string> {
    const owner = this.#owner.get(tool);
    if (owner === undefined) throw new Error(`no server offers ${tool}`);
    const told = await ask(owner.client, owner.name, args);
    const kept = this.#cap === null ? told.text : told.text.slice(0, this.#cap);
    this.calls.push({ tool, args, output: told.failed ? null : kept, error: told.failed ? kept : null });
    return told.text;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) await client.close();
  }
}

async function ask(client: Client, name: string, args: Record<string, unknown>): Promise<Told> {
  try {
    const result = await client.callTool({ name, arguments: args });
    const content = Array.isArray(result.content)
      ? (result.content as { type: string; text?: string }[])
      : [];
    const text = content.map((part) => part.text ?? `[${part.type}]`).join("\n");
    return { text, failed: result.isError === true };
  } catch (cause) {
    // A protocol error is an answer too: agents see it and go on.
    return { text: cause instanceof Error ? cause.message : String(cause), failed: true };
  }
}
