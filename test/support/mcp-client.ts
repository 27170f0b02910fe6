import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const ROOT = new URL("../..", import.meta.url).pathname;

export interface WrappedServer {
  client: Client;
  close(): Promise<void>;
}

/** A real MCP client that starts `command` through `tripline proxy`, as an agent's configuration would. */
export async function startWrapped(options: {
  data: string;
  /** Flags of `tripline proxy`. */
  flags: string[];
  command: string[];
  env?: Record<string, string>;
}): Promise<WrappedServer> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [
      `${ROOT}packages/cli/bin/tripline.js`,
      "--data",
      options.data,
      "proxy",
      ...options.flags,
      "--",
      ...options.command,
    ],
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...options.env },
    stderr: "inherit",
  });
  const client = new Client({ name: "test-agent", version: "1.0.0" });
  await client.connect(transport);
  return { client, close: () => client.close() };
}

/** The text of a tool's result. */
export async function callText(client: Client, name: string, args: Record<string, unknown>): Promise<string> {
  const result = await client.callTool({ name, arguments: args });
  const content = result.content as { type: string; text?: string }[];
  return content.map((item) => item.text ?? "").join("\n");
}

export const FILESYSTEM_SERVER = `${ROOT}node_modules/.bin/mcp-server-filesystem`;
