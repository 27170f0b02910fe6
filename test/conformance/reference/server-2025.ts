import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { localhostHostValidation, localhostOriginValidation } from "@modelcontextprotocol/node";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import {
  ACTIVE_TOOLS,
  FIXED_TOOLS,
  FORMS,
  listTools,
  PROMPTS,
  promptMessages,
  RESOURCES,
  readResource,
  TEMPLATES,
} from "./catalogue.ts";
import { createEventStore } from "./event-store.ts";
import { type ReferenceServer, startHttp } from "./start-http.ts";

const RETRY_MS = 500; // what the server asks resuming clients to wait; the suite checks that it is said and kept
const STEP_MS = 20; // between two notifications of one call

type Extra = Parameters<Parameters<typeof Server.prototype.setRequestHandler>[1]>[1];

/** A stateful server up to 2025-11-25: sessions, event streams that can be resumed, requests to the client. */
export function startServer2025(): Promise<ReferenceServer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const hostIsLocal = localhostHostValidation();
  const originIsLocal = localhostOriginValidation();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!hostIsLocal(request, response) || !originIsLocal(request, response)) return;
    const id = request.headers["mcp-session-id"];
    const known = typeof id === "string" ? sessions.get(id) : undefined;
    if (known !== undefined) {
      await known.handleRequest(request, response);
      return;
    }
    if (id !== undefined) {
      response.writeHead(404, { "content-type": "application/json" });
      response.end('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}');
      return;
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: createEventStore(),
      retryInterval: RETRY_MS,
      onsessioninitialized: (session) => {
        sessions.set(session, transport);
      },
      onsessionclosed: (session) => {
        sessions.delete(session);
      },
    });
    await createMcpServer(transport).connect(transport);
    await transport.handleRequest(request, response);
  }
  return startHttp(createServer((request, response) => void handle(request, response)));
}

function createMcpServer(transport: StreamableHTTPServerTransport): Server {
  const server = new Server(
    { name: "conformance-reference", version: "1.0.0" },
    {
      capabilities: { tools: {}, resources: { subscribe: true }, prompts: {}, logging: {}, completions: {} },
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: listTools([...Object.keys(FIXED_TOOLS), ...ACTIVE_TOOLS]),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const fixed = FIXED_TOOLS[params.name];
    return fixed === undefined
      ? callActive(transport, params.name, params.arguments ?? {}, extra)
      : { content: fixed };
  });
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: RESOURCES }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: TEMPLATES }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => {
    const contents = readResource(params.uri);
    if (contents === null) throw new Error(`no resource ${params.uri}`);
    return { contents: [contents] };
  });
  server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: PROMPTS }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    const messages = promptMessages(params.name, params.arguments ?? {});
    if (messages === null) throw new Error(`no prompt ${params.name}`);
    return { messages };
  });
  server.setRequestHandler(SetLevelRequestSchema, () => ({}));
  server.setRequestHandler(CompleteRequestSchema, () => ({
    completion: { values: [], total: 0, hasMore: false },
  }));
  return server;
}

const say = (text: string): { content: { type: "text"; text: string }[] } => ({
  content: [{ type: "text", text }],
});

async function callActive(
  transport: StreamableHTTPServerTransport,
  name: string,
  args: Record<string, unknown>,
  extra: Extra,
): Promise<ReturnType<typeof say> & { isError?: boolean }> {
  switch (name) {
    case "test_tool_with_logging":
      for (const data of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
        await extra.sendNotification({ method: "notifications/message", params: { level: "info", data } });
        await delay(STEP_MS);
      }
      return say("logged");
    case "test_tool_with_progress": {
      const progressToken = extra._meta?.progressToken ?? 0;
      for (const progress of [0, 50, 100]) {
        await extra.sendNotification({
          method: "notifications/progress",
          params: { progressToken, progress, total: 100 },
        });
        await delay(STEP_MS);
      }
      return say(String(progressToken));
    }
    case "test_error_handling":
      return { ...say("This tool intentionally returns an error for testing"), isError: true };
    case "test_reconnection":
      transport.closeSSEStream(extra.requestId);
      await delay(STEP_MS);
      return say("resumed");
    case "test_sampling": {
      const messages = [{ role: "user", content: { type: "text", text: String(args.prompt) } }];
      const answer = await extra.sendRequest(
        { method: "sampling/createMessage", params: { messages, maxTokens: 100 } } as never,
        CreateMessageResultSchema,
      );
      return say(`LLM response: ${JSON.stringify(answer.content)}`);
    }
    case "test_elicitation":
    case "test_elicitation_sep1034_defaults":
    case "test_elicitation_sep1330_enums": {
      const answer = await extra.sendRequest(
        {
          method: "elicitation/create",
          params: {
            mode: "form",
            message: String(args.message ?? "please fill in"),
            requestedSchema: FORMS[name],
          },
        } as never,
        ElicitResultSchema,
      );
      return say(`User response: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
    }
    default:
      throw new Error(`no tool ${name}`);
  }
}
