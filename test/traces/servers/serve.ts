import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { Random } from "../form/random.ts";
import { listing, type Tool, ToolFailure } from "../form/tool.ts";

/** `serve.ts MODULE SEED`: an MCP server over stdio with the tools that the module makes from the seed. */
const [module = "", seed = ""] = process.argv.slice(2);
const { tools: make } = (await import(new URL(`../${module}.ts`, import.meta.url).href)) as {
  tools: (r: Random) => Tool[];
};
const tools = make(new Random(seed));
const server = new Server({ name: module, version: "1.0.0" }, { capabilities: { tools: {} } });

server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map(listing) }));
server.setRequestHandler(CallToolRequestSchema, (request) => {
  const { name, arguments: args = {} } = request.params;
  const found = tools.find((tool) => tool.name === name);
  if (found === undefined) return answer(`Unknown tool: ${name}`, true);
  try {
    const result = found.run(args);
    return answer(typeof result === "string" ? result : JSON.stringify(result, null, 2), false);
  } catch (cause) {
    if (!(cause instanceof ToolFailure)) throw cause;
    return answer(cause.message, true);
  }
});
await server.connect(new StdioServerTransport());

function answer(text: string, isError: boolean) {
  return { content: [{ type: "text" as const, text }], ...(isError ? { isError } : {}) };
}
