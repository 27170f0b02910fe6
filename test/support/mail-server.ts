/**
 * A real MCP server over stdio with one tool that sends mail. What it "sends" is appended to the file named by
 * MAIL_OUTBOX, one JSON object a line, so that a test sees which calls reached it.
 */
import { appendFileSync } from "node:fs";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const server = new McpServer({ name: "mail", version: "1.0.0" });

server.registerTool(
  "send_email",
  {
    description: "Sends an email to a recipient.",
    inputSchema: { to: z.string(), subject: z.string(), body: z.string() },
  },
  (mail) => {
    appendFileSync(process.env.MAIL_OUTBOX ?? "/dev/null", `${JSON.stringify(mail)}\n`);
    return { content: [{ type: "text", text: `sent to ${mail.to}` }] };
  },
);

await server.connect(new StdioServerTransport());
