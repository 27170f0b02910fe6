import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import {
  localhostHostValidation,
  localhostOriginValidation,
  toNodeHandler,
} from "@modelcontextprotocol/node";
import { createMcpHandler, ResourceNotFoundError, Server } from "@modelcontextprotocol/server";
import {
  FIXED_TOOLS,
  listTools,
  PROMPTS,
  promptMessages,
  RESOURCES,
  readResource,
  TEMPLATES,
} from "./catalogue.ts";
import { type ReferenceServer, startHttp } from "./start-http.ts";

const STEP_MS = 20; // between two notifications of one call
const TOOLS = [...Object.keys(FIXED_TOOLS), "test_tool_with_progress", "test_error_handling"];

/** A stateless server for 2026-07-28: no initialize, no sessions, headers that must match the body. */
export function startServer2026(): Promise<ReferenceServer> {
  const handler = createMcpHandler(createMcpServer);
  const node = toNodeHandler(handler);
  const hostIsLocal = localhostHostValidation();
  const originIsLocal = localhostOriginValidation();
  return startHttp(
    createServer((request, response) => {
      if (hostIsLocal(request, response) && originIsLocal(request, response)) void node(request, response);
    }),
  );
}

function createMcpServer(): Server {
  const server = new Server(
    { name: "conformance-reference", version: "2.0.0" },
    { capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} } },
  );
  server.setRequestHandler("tools/list", () => ({ tools: listTools(TOOLS) }));
  server.setRequestHandler("tools/call", async ({ params }, context) => {
    const fixed = FIXED_TOOLS[params.name];
    if (fixed !== undefined) return { content: fixed };
    if (params.name === "test_error_handling") {
      const text = "This tool intentionally returns an error for testing";
      return { content: [{ type: "text", text }], isError: true };
    }
    if (params.name !== "test_tool_with_progress") throw new Error(`no tool ${params.name}`);
    const progressToken = context.mcpReq._meta?.progressToken ?? 0;
    for (const progress of [0, 50, 100]) {
      await context.mcpReq.notify({
        method: "notifications/progress",
        params: { progressToken, progress, total: 100 },
      });
      await delay(STEP_MS);
    }
    return { content: [{ type: "text", text: String(progressToken) }] };
  });
  server.setRequestHandler("resources/list", () => ({ resources: RESOURCES }));
  server.setRequestHandler("resources/templates/list", () => ({ resourceTemplates: TEMPLATES }));
  server.setRequestHandler("resources/read", ({ params }) => {
    const contents = readResource(params.uri);
    if (contents === null) throw new ResourceNotFoundError(params.uri);
    return { contents: [contents] };
  });
  server.setRequestHandler("prompts/list", () => ({ prompts: PROMPTS }));
  server.setRequestHandler("prompts/get", ({ params }) => {
    const messages = promptMessages(params.name, params.arguments ?? {});
    if (messages === null) throw new Error(`no prompt ${params.name}`);
    return { messages };
  });
  server.setRequestHandler("completion/complete", () => ({
    completion: { values: [], total: 0, hasMore: false },
  }));
  return server;
}
