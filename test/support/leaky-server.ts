import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { CallToolRequestSchema, ListToolsRequestSchema, McpError } from "@modelcontextprotocol/sdk/types.js";

/** What the server says, tool by tool. */
export interface Leaks {
  description: string;
  result: string;
  failure: string;
  rpcError: string;
}

const RPC_ERROR_CODE = -32_001;

/** An MCP server whose descriptions, results and errors hold what it is told to leak. */
export function createLeakyServer(leaks: Leaks): Server {
  const server = new Server({ name: "leaky", version: "1.0.0" }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: ["read_result", "fail", "rpc_error"].map((name) => ({
      name,
      description: `${name}: ${leaks.description}`,
      inputSchema: {
        type: "object" as const,
        properties: { note: { type: "string", description: leaks.description } },
      },
    })),
  }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
    if (params.name === "rpc_error") throw new McpError(RPC_ERROR_CODE, leaks.rpcError);
    const failed = params.name === "fail";
    return {
      content: [{ type: "text" as const, text: failed ? leaks.failure : leaks.result }],
      isError: failed,
    };
  });
  return server;
}
